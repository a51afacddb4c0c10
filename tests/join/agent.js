// A desktop in a browser: takes what the service announces, answers offers, counts what it receives. Run in a page of the service's origin.
globalThis.desk = {
  isOpen: false, call: null, calls: {}, seen: [], chat: [], peer: null, epoch: 0, remote: new MediaStream(), rebuilt: 0, candidates: [],
  line: null, heard: [], drawn: 0,

  start(token) {
    this.token = token;
    this.socket = new WebSocket(`ws://${location.host}/ws/agent`);
    this.socket.onopen = () => this.send({ type: "hello", protocol: 1, token, connection: "agent-in-a-browser" });
    this.socket.onmessage = ({ data }) => this.take(JSON.parse(data));
    this.socket.onclose = () => { this.isOpen = false; };
    this.timer ??= setInterval(() => this.isOpen && this.send({ type: "ping", n: 1 }), 5000);
  },
  send(message) {
    this.socket.send(JSON.stringify(message));
  },
  waiting() {
    return Object.values(this.calls).find((call) => call.state === "waiting")?.id ?? null;
  },
  know(call) {
    this.calls[call.id] = call;
    if (call.agent_id && call.agent_id === this.me) this.call = call;
  },
  async take(message) {
    this.seen.push(message);
    if (message.type === "welcome") {
      this.me = message.my_id;
      message.calls.forEach((call) => this.know(call));
      this.isOpen = true;
    } else if (message.type === "call.changed") {
      this.know(message.call);
    } else if (message.type === "call.ready") {
      this.know(message.call);
      this.build(message.call.id, message.call.epoch, message.ice_servers);
    } else if (message.type === "chat.line") {
      this.chat.push(message);
    } else if (message.type === "signaled" && message.epoch === this.epoch) {
      if (message.description) {
        this.offer = message.description.sdp;
        await this.peer.setRemoteDescription(message.description);
        await this.peer.setLocalDescription();
        this.signal({ description: { type: "answer", sdp: this.peer.localDescription.sdp } });
        this.candidates.splice(0).forEach((one) => this.peer.addIceCandidate(one).catch(() => {}));
      } else if (message.candidate) {
        if (this.peer.remoteDescription) this.peer.addIceCandidate(message.candidate).catch(() => {});
        else this.candidates.push(message.candidate);
      }
    }
  },
  signal(step) {
    this.send({ type: "signal", call_id: this.call.id, epoch: this.epoch, ...step });
  },
  build(id, epoch, iceServers) {
    if (epoch <= this.epoch) return;
    this.peer?.close();
    this.epoch = epoch;
    this.rebuilt += 1;
    this.candidates = [];
    const peer = new RTCPeerConnection({ iceServers });
    this.peer = peer;
    this.remote = new MediaStream();
    for (const track of this.own().getTracks()) peer.addTrack(track, this.own());
    peer.ontrack = ({ track }) => {
      this.remote.addTrack(track);
      this.video.srcObject = this.remote;
      this.video.play();
    };
    peer.ondatachannel = ({ channel }) => {
      this.line = channel;
      this.heard = [];
      this.drawn = 0;
      channel.onmessage = ({ data }) => this.heard.push(JSON.parse(data));
    };
    peer.onicecandidate = ({ candidate }) => candidate && epoch === this.epoch && this.signal({
      candidate: { candidate: candidate.candidate, sdpMid: candidate.sdpMid, sdpMLineIndex: candidate.sdpMLineIndex },
    });
    peer.onconnectionstatechange = () => this.send({ type: "state.mine", call_id: id, state: { is_connected: peer.connectionState === "connected" } });
  },
  /** Live drawing: marks as the desktop sends them; gives their seq. */
  draw(changes) {
    this.drawn += 1;
    this.line.send(JSON.stringify({ type: "live.marks", seq: this.drawn, frame_ms: null, put: [], more: [], moved: [], gone: [], ...changes }));
    return this.drawn;
  },
  /** A frozen picture: the newest that came, or a drawn one of this size, cut to JPEG parts. */
  async freeze(id, { mayDraw = true, width = 0, height = 0, change = {} } = {}) {
    const canvas = Object.assign(document.createElement("canvas"), { width: width || this.video.videoWidth, height: height || this.video.videoHeight });
    const pen = canvas.getContext("2d");
    if (width) {
      pen.fillStyle = "#808080"; pen.fillRect(0, 0, width, height);
      pen.fillStyle = "#00ff00"; pen.beginPath(); pen.arc(0.25 * width, 0.25 * height, width / 60, 0, 7); pen.fill();
    } else pen.drawImage(this.video, 0, 0);
    const bytes = new Uint8Array(await (await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.8))).arrayBuffer());
    const size = { width_px: canvas.width, height_px: canvas.height };
    this.line.send(JSON.stringify({ type: "live.freeze", id, ...size, size_bytes: bytes.length, may_draw: mayDraw, ...change }));
    for (let index = 0; index * 8192 < bytes.length; index++) {
      const part = bytes.subarray(index * 8192, (index + 1) * 8192);
      this.line.send(JSON.stringify({ type: "live.freeze_part", id, index, data: btoa(String.fromCharCode(...part)) }));
    }
    return { ...size, size_bytes: bytes.length };
  },
  /** Follow the one green disc: its place in every picture that comes, with the moment of that picture's capture, as a tracker on the desktop says it. */
  track(id, { lateMs = 0, atMs = (about) => performance.timeOrigin + about.captureTime } = {}) {
    const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 180 });
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    this.tracked = 0;
    const mine = (this.tracking = {});
    const look = (now, about) => {
      if (this.tracking !== mine) return;
      pen.drawImage(this.video, 0, 0, 320, 180);
      const { data } = pen.getImageData(0, 0, 320, 180);
      let [x, y, n] = [0, 0, 0];
      for (let i = 0; i < data.length; i += 4) {
        if (data[i + 1] > 190 && data[i] < 90 && data[i + 2] < 90) { x += (i / 4) % 320 + 0.5; y += Math.floor(i / 1280) + 0.5; n += 1; }
      }
      if (n > 10 && about.captureTime) {
        this.tracked += 1;
        const [place, at] = [[x / n / 320, y / n / 180], atMs(about)];
        setTimeout(() => this.tracking === mine && this.line.readyState === "open" && this.draw({ frame_ms: at, moved: [{ id, points: [place], hold: "following" }] }), lateMs);
      }
      this.video.requestVideoFrameCallback(look);
    };
    this.video.requestVideoFrameCallback(look);
  },
  /** No more places, those on their way included. */
  untrack() { this.tracking = null; },
  /** Where the middles of the blobs of a colour are in the picture that comes, as shares of it. */
  blobs(colour) {
    const { videoWidth: width, videoHeight: height } = this.video;
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const pen = canvas.getContext("2d");
    pen.drawImage(this.video, 0, 0);
    const { data } = pen.getImageData(0, 0, width, height);
    const sums = {};
    for (let i = 0; i < data.length; i += 4) {
      const is = { green: data[i + 1] > 150 && data[i] < 110 && data[i + 2] < 110, red: data[i] > 150 && data[i + 1] < 90 && data[i + 2] < 90, blue: data[i + 2] > 150 && data[i] < 110 && data[i + 1] < 110 };
      if (!is[colour]) continue;
      const [x, y] = [(i / 4) % width, Math.floor(i / 4 / width)];
      const key = `${Math.floor((x / width) * 4)}-${Math.floor((y / height) * 4)}`;
      const sum = (sums[key] ??= [0, 0, 0]);
      sum[0] += x + 0.5; sum[1] += y + 0.5; sum[2] += 1;
    }
    return Object.values(sums).filter((sum) => sum[2] > 20).map(([x, y, n]) => [x / n / width, y / n / height]);
  },
  own() {
    if (!this.stream) {
      this.canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 240 });
      const pen = this.canvas.getContext("2d");
      let n = 0;
      setInterval(() => {
        pen.fillStyle = "#3b5b46"; pen.fillRect(0, 0, 320, 240);
        pen.fillStyle = "#e8c9a8"; pen.beginPath(); pen.arc(160, 110, 55 + (n++ % 2), 0, 7); pen.fill();
        pen.fillStyle = "#2b3a55"; pen.fillRect(85, 175, 150, 65);
      }, 100);
      this.stream = this.canvas.captureStream(10);
      const audio = new AudioContext();
      const target = audio.createMediaStreamDestination();
      const tone = audio.createOscillator();
      const gain = audio.createGain();
      gain.gain.value = 0.01;
      tone.connect(gain).connect(target);
      tone.start();
      this.stream.addTrack(target.stream.getAudioTracks()[0]);
      this.video = document.createElement("video");
      this.video.muted = true;
    }
    return this.stream;
  },
  async stats(kind) {
    const found = [...(await this.peer.getStats()).values()].find((one) => one.type === "inbound-rtp" && one.kind === kind);
    return found ?? {};
  },
  async frames() {
    return (await this.stats("video")).framesDecoded ?? 0;
  },
};
null;
