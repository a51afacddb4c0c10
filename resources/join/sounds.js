// Sounds made on the spot: the shutter, the knock of an agent who comes; and the microphone's level.

/** @type {AudioContext | null} */
let context = null;

/** The page's one audio context; browsers let it speak after the first touch. @returns {AudioContext | null} */
export function audioContext() {
  try {
    context ??= new AudioContext();
    void context.resume().catch(() => undefined);
  } catch {
    return null;
  }
  return context;
}

/** A camera's shutter: two short clicks of filtered noise. */
export function shutter() {
  const audio = audioContext();
  if (!audio) {
    return;
  }
  for (const [delay, seconds, loudness] of /** @type {[number, number, number][]} */ ([[0, 0.03, 0.35], [0.075, 0.055, 0.25]])) {
    const noise = audio.createBuffer(1, Math.ceil(audio.sampleRate * seconds), audio.sampleRate);
    const samples = noise.getChannelData(0);
    for (let index = 0; index < samples.length; index += 1) {
      samples[index] = (Math.random() * 2 - 1) * (1 - index / samples.length) ** 2;
    }
    const source = new AudioBufferSourceNode(audio, { buffer: noise });
    const filter = new BiquadFilterNode(audio, { type: "bandpass", frequency: 2600, Q: 0.7 });
    source.connect(filter).connect(new GainNode(audio, { gain: loudness })).connect(audio.destination);
    source.start(audio.currentTime + delay);
  }
}

/** Two soft notes: the conversation begins. */
export function chime() {
  const audio = audioContext();
  if (!audio) {
    return;
  }
  for (const [delay, frequency] of /** @type {[number, number][]} */ ([[0, 587], [0.16, 880]])) {
    const at = audio.currentTime + delay;
    const gain = new GainNode(audio, { gain: 0 });
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(0.12, at + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.001, at + 0.4);
    const tone = new OscillatorNode(audio, { frequency });
    tone.connect(gain).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.42);
  }
}

/**
 * How loud a track is, ten times a second, 0 … 1.
 * @param {MediaStreamTrack} track
 * @param {(level: number) => void} onLevel
 * @returns {() => void} stop
 */
export function watchLevel(track, onLevel) {
  const audio = audioContext();
  if (!audio) {
    return () => undefined;
  }
  const source = audio.createMediaStreamSource(new MediaStream([track]));
  const analyser = new AnalyserNode(audio, { fftSize: 1024 });
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    // -60 dB … -10 dB over the whole meter: quiet speech moves it visibly.
    onLevel(Math.max(0, Math.min(1, (10 * Math.log10(power + 1e-10) + 60) / 50)));
  }, 100);
  return () => {
    clearInterval(timer);
    source.disconnect();
  };
}
