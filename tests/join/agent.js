// A desktop in a browser: takes what the service announces, answers offers, counts what it receives. Run in a page of the service's origin.
globalThis.desk = {
  isOpen: false, call: null, calls: {}, seen: [], chat: [], peer: null, epoch: 0, remote: new MediaStream(), rebuilt: 0, candidates: [],

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
    peer.onicecandidate = ({ candidate }) => candidate && epoch === this.epoch && this.signal({
      candidate: { candidate: candidate.candidate, sdpMid: candidate.sdpMid, sdpMLineIndex: candidate.sdpMLineIndex },
    });
    peer.onconnectionstatechange = () => this.send({ type: "state.mine", call_id: id, state: { is_connected: peer.connectionState === "connected" } });
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
