// The peer connection of a call: does what negotiation.js says, one action after another.

import { LABEL } from "./live_words.js";
import { advance, begin } from "./negotiation.js";
import { FULL, SoundFirst, STEPS } from "./sound_first.js";

/** @typedef {import("./types").NegotiationEvent} NegotiationEvent */
/** @typedef {import("./types").NegotiationAction} NegotiationAction */
/** @typedef {import("./types").SendSignal} SendSignal */
/** @typedef {import("./types").IceServer} IceServer */
/** @typedef {{audio: MediaStreamTrack | null, video: MediaStreamTrack | null}} Tracks */
/** @typedef {RTCRtpEncodingParameters & {scaleResolutionDownTo?: {maxWidth: number, maxHeight: number}}} Capped */
/**
 * @typedef {object} PeerHandlers
 * @property {(step: SendSignal) => void} send
 * @property {(stream: MediaStream) => void} onRemote
 * @property {(state: RTCPeerConnectionState) => void} onState
 * @property {(channel: RTCDataChannel) => void} onLive a fresh channel for live drawing
 */

const PATIENCE_MS = 5_000;
/** A line that carries so much needs no care at the begin. */
const FEW_KBPS = 1_000;
// The call's longest side: what the camera gives beyond it for a still is not sent as video.
const MAX_VIDEO_PX = 1280;
const CODEC_ORDER = ["video/h264", "video/vp8"];

/**
 * H264 first (the desktop decodes it at least cost), its constrained baseline before others; then VP8; the rest as it was.
 * @param {RTCRtpCodec[]} codecs
 * @returns {RTCRtpCodec[]}
 */
export function preferred(codecs) {
  /** @param {RTCRtpCodec} codec */
  const rank = (codec) => {
    const place = CODEC_ORDER.indexOf(codec.mimeType.toLowerCase());
    if (place < 0) {
      return 10;
    }
    const line = codec.sdpFmtpLine ?? "";
    const isPlain = place > 0 || (line.includes("packetization-mode=1") && /profile-level-id=42[e0c]0/i.test(line));
    return place + (isPlain ? 0 : 5);
  };
  return [...codecs].sort((one, other) => rank(one) - rank(other));
}

export class Peer {
  /**
   * @param {PeerHandlers} handlers
   * @param {{sound: boolean, video: boolean}} allowed what the customer consented to
   * @param {number | null} upKbps what the line was seen to carry
   */
  constructor(handlers, allowed, upKbps = null) {
    this.handlers = handlers;
    /** What is known of the line when a connection begins; a part of what was seen, because sound in packets of 20 ms costs more. */
    this.expectedBps = upKbps !== null && upKbps < FEW_KBPS ? upKbps * 800 : null;
    this.allowed = allowed;
    this.negotiation = begin(true);
    /** @type {RTCPeerConnection | null} */
    this.connection = null;
    /** @type {IceServer[]} */
    this.servers = [];
    /** @type {Tracks} */
    this.tracks = { audio: null, video: null };
    /** @type {Promise<void>} */
    this.work = Promise.resolve();
    /** @type {RTCRtpSender | null} */
    this.audioSender = null;
    /** @type {RTCRtpSender | null} */
    this.videoSender = null;
    /** @type {SoundFirst | null} */
    this.soundFirst = null;
    this.patience = 0;
  }

  /** @param {number} epoch @param {IceServer[]} servers */
  ready(epoch, servers) {
    this.servers = servers;
    this.feed({ type: "ready", epoch });
  }

  /** @param {NegotiationEvent} event */
  feed(event) {
    const { state, actions } = advance(this.negotiation, event);
    this.negotiation = state;
    for (const action of actions) {
      this.work = this.work.then(() => this.perform(action)).catch(() => this.feed({ type: "failed", epoch: this.negotiation.epoch }));
    }
  }

  /** What is sent from now on; null sends nothing. @param {Tracks} tracks */
  async setTracks(tracks) {
    this.tracks = { audio: this.allowed.sound ? tracks.audio : null, video: this.allowed.video ? tracks.video : null };
    await Promise.all([this.audioSender?.replaceTrack(this.tracks.audio), this.videoSender?.replaceTrack(this.tracks.video)])
      .catch(() => this.feed({ type: "failed", epoch: this.negotiation.epoch }));
  }

  /** The network changed, or the person wants it: a fresh connection unless this one works. */
  hurry() {
    const state = this.connection?.connectionState;
    if (state === "disconnected" || state === "failed") {
      this.feed({ type: "failed", epoch: this.negotiation.epoch });
    }
  }

  end() {
    this.feed({ type: "ended" });
  }

  /** @param {NegotiationAction} action */
  async perform(action) {
    const connection = this.connection;
    switch (action.do) {
      case "build":
        this.build(action.epoch);
        break;
      case "close":
        this.drop();
        break;
      case "send":
        this.handlers.send(action);
        break;
      case "make_offer":
        await connection?.setLocalDescription();
        this.feed({ type: "offer_made", epoch: action.epoch, sdp: connection?.localDescription?.sdp ?? "" });
        break;
      case "make_answer":
        await connection?.setLocalDescription();
        this.feed({ type: "answer_made", epoch: action.epoch, sdp: connection?.localDescription?.sdp ?? "" });
        break;
      case "rollback":
        await connection?.setLocalDescription({ type: "rollback" });
        break;
      case "apply":
        await connection?.setRemoteDescription(action.description);
        break;
      case "add_candidate":
        await connection?.addIceCandidate(action.candidate).catch(() => undefined);
        break;
    }
  }

  /** @param {number} epoch */
  build(epoch) {
    const connection = new RTCPeerConnection({
      iceServers: this.servers.map(({ urls, username, credential }) => ({ urls, ...(username ? { username } : {}), ...(credential ? { credential } : {}) })),
      bundlePolicy: "max-bundle",
    });
    this.connection = connection;
    const remote = new MediaStream();
    connection.onnegotiationneeded = () => this.feed({ type: "negotiation_needed", epoch });
    connection.onicecandidate = ({ candidate }) => {
      const { candidate: text = "", sdpMid = null, sdpMLineIndex = null, usernameFragment = null } = candidate?.toJSON() ?? {};
      this.feed({ type: "candidate_found", epoch, candidate: { candidate: text, sdpMid, sdpMLineIndex, usernameFragment } });
    };
    connection.ontrack = ({ track }) => {
      remote.addTrack(track);
      this.handlers.onRemote(remote);
      track.onmute = track.onunmute = () => this.handlers.onRemote(remote);
    };
    connection.onconnectionstatechange = () => this.watch(connection, epoch);
    const local = new MediaStream();
    const audio = connection.addTransceiver(this.tracks.audio ?? "audio", { direction: this.allowed.sound ? "sendrecv" : "recvonly", streams: [local] });
    const video = connection.addTransceiver(this.tracks.video ?? "video", { direction: this.allowed.video ? "sendrecv" : "recvonly", streams: [local] });
    this.audioSender = audio.sender;
    this.videoSender = video.sender;
    this.soundFirst = new SoundFirst(connection, () => void this.tune(), this.expectedBps);
    if (this.expectedBps !== null) {
      void this.tune(); // the first pictures would fill a narrow line for many seconds
    }
    this.handlers.onLive(connection.createDataChannel(LABEL, { ordered: true }));
    const codecs = RTCRtpReceiver.getCapabilities("video")?.codecs;
    if (codecs && typeof video.setCodecPreferences === "function") {
      video.setCodecPreferences(preferred(codecs));
    }
  }

  /** @param {RTCPeerConnection} connection @param {number} epoch */
  watch(connection, epoch) {
    if (connection !== this.connection) {
      return;
    }
    clearTimeout(this.patience);
    const state = connection.connectionState;
    if (state === "connected") {
      void this.tune();
    } else if (state === "failed") {
      this.feed({ type: "failed", epoch });
    } else if (state === "disconnected") {
      this.patience = window.setTimeout(() => this.feed({ type: "failed", epoch }), PATIENCE_MS);
    }
    this.handlers.onState(state);
  }

  /** Sharp before smooth: damage must be readable. A browser that cannot is left as it is. */
  async tune() {
    const sender = this.videoSender;
    if (!sender) {
      return;
    }
    const { bps, fps } = this.soundFirst?.step ?? /** @type {{bps: number, fps: number}} */ (STEPS[FULL]);
    /** @type {RTCRtpSendParameters & {degradationPreference?: string}} */
    const parameters = sender.getParameters();
    parameters.degradationPreference = "maintain-resolution";
    for (const encoding of /** @type {Capped[]} */ (parameters.encodings)) {
      encoding.active = bps > 0;
      encoding.maxBitrate = Math.max(bps, 1);
      if (fps > 0) {
        encoding.maxFramerate = fps;
      } else {
        delete encoding.maxFramerate;
      }
      encoding.scaleResolutionDownTo = { maxWidth: MAX_VIDEO_PX, maxHeight: MAX_VIDEO_PX };
    }
    await sender.setParameters(parameters).catch(() => undefined);
  }

  /**
   * While the camera gives larger pictures for a still, the video stays as large as it was. Browsers that know scaleResolutionDownTo do it themselves.
   * @param {number} factor how much larger; 1: as in the call
   */
  async shrink(factor) {
    const sender = this.videoSender;
    const parameters = sender?.getParameters();
    const encodings = /** @type {Capped[]} */ (parameters?.encodings ?? []);
    if (sender && parameters && encodings.some((one) => !one.scaleResolutionDownTo && one.scaleResolutionDownBy !== factor)) {
      encodings.forEach((one) => { one.scaleResolutionDownBy = factor; });
      await sender.setParameters(parameters).catch(() => undefined);
    }
  }

  drop() {
    clearTimeout(this.patience);
    if (this.soundFirst) {
      this.expectedBps = this.soundFirst.expectation;
      this.soundFirst.stop();
      this.soundFirst = null;
    }
    const connection = this.connection;
    this.connection = null;
    this.audioSender = null;
    this.videoSender = null;
    if (connection) {
      connection.onconnectionstatechange = connection.onicecandidate = connection.onnegotiationneeded = connection.ontrack = null;
      connection.close();
    }
  }
}
