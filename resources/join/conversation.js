// The conversation with the service and, through it, with the agent: signaling in, signaling out, the peer connection between.

import * as api from "./api.js";
import { announce } from "./dom.js";
import { Live } from "./live.js";
import { renewed, stands, written } from "./chat.js";
import { newId, randomName } from "./memory.js";
import { Peer } from "./peer.js";
import { upKbpsOf } from "./quick_check.js";
import { TALKING } from "./screens.js";
import { agentName } from "./screens_view.js";
import { Channel } from "./signaling.js";
import { shutter } from "./sounds.js";
import { t } from "./texts.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./types").FromService} FromService */
/** @typedef {import("./types").PartyState} PartyState */
/** @typedef {import("./types").CallView} CallView */

export class Conversation {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    this.connectionName = randomName();
    /** @type {Channel | null} */
    this.channel = null;
    /** @type {Peer | null} */
    this.peer = null;
    this.live = new Live(app);
    /** @type {MediaStream | null} */
    this.remote = null;
    this.isPeerUp = false;
    this.lastState = "";
    /** What to add to this device's clock to get the service's, in ms. */
    this.clockOffset = 0;
    /** The snapshot whose shutter was seen and heard last. @type {string | null} */
    this.flashed = null;
  }

  /** Nothing of it stays: the line, the peer connection, the agent's sound. */
  end() {
    this.peer?.end();
    this.peer = null;
    this.live.end();
    this.isPeerUp = false;
    this.remote = null;
    this.channel?.close();
    this.channel = null;
  }

  /** Something says that the network may be back. */
  hurry() {
    this.channel?.hurry();
    this.peer?.hurry();
  }

  /** Send what the consent, the hold and the switches leave to send. */
  syncTracks() {
    const isHeld = this.app.model.call?.state === "on_hold";
    void this.peer?.setTracks({ audio: isHeld ? null : this.app.camera.audio, video: isHeld ? null : this.app.camera.video });
  }

  connect() {
    if (this.channel) {
      return;
    }
    this.lastState = "";
    const url = new URL("/ws/customer", location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    url.hash = url.search = "";
    this.channel = new Channel({
      url: url.href, token: this.app.token, connection: this.connectionName,
      onMessage: (message) => this.receive(message),
      onState: (state) => this.app.dispatch({ type: "channel", state }),
      onRefused: (code) => void this.turnedAway(code),
    });
  }

  /** @param {number} closeCode */
  async turnedAway(closeCode) {
    if (closeCode === 4409) {
      this.app.dispatch({ type: "broken", trouble: "replaced" });
      return;
    }
    const answer = await api.state(this.app.token);
    this.app.dispatch(answer.ok ? { type: "broken", trouble: "bug" } : { type: "refused", refusal: answer.refusal });
  }

  enterWaitingRoom() {
    this.channel?.send({ type: "waiting.enter", has_camera: this.app.camera.video !== null, has_microphone: this.app.camera.audio !== null });
  }

  /** @param {FromService} message */
  receive(message) {
    switch (message.type) {
      case "welcome":
        this.welcomed(message);
        break;
      case "call.changed":
        this.callChanged(message.call);
        break;
      case "call.ready":
        this.callChanged(message.call);
        this.peerOf(message.call).ready(message.call.epoch, message.ice_servers);
        break;
      case "signaled": {
        const { call_id: id, epoch, description, candidate, restart } = message;
        if (id === this.app.model.call?.id) {
          this.peer?.feed({ type: "signaled", epoch, description, candidate, restart });
        }
        break;
      }
      case "chat.line":
        this.app.chat = stands(this.app.chat, message);
        if (message.sender === "agent") {
          announce(t("chat.new", { agent: agentName(this.app), text: message.text }));
          if (this.app.panel !== "chat") {
            this.app.note("chat", "chat.new", { agent: agentName(this.app), text: message.text }, false);
          }
        }
        break;
      case "page.asked":
        void this.asked(message);
        break;
      case "error":
        this.refused(message);
        break;
      default:
        break;
    }
    this.app.draw();
  }

  /** @param {import("./types").Welcome} message */
  welcomed(message) {
    const call = message.calls[0];
    this.clockOffset = Date.parse(message.server_time) - Date.now();
    this.lastState = "";
    this.app.chat = renewed(this.app.chat, message.chat);
    if (call && (TALKING.has(call.state) || call.state === "waiting" || this.app.model.screen === "call")) {
      this.callChanged(call);
      if (TALKING.has(call.state) && this.peer && this.peer.negotiation.epoch > 0) {
        this.peer.feed({ type: "epoch_seen", epoch: call.epoch });
      }
    }
    if (this.app.model.screen === "waiting") {
      this.enterWaitingRoom();
    }
    this.tellState();
    this.app.stills.welcomed();
  }

  /** @param {CallView} call */
  callChanged(call) {
    const before = this.app.model.call?.state;
    const wasRecording = this.app.model.call?.is_recording ?? false;
    this.app.dispatch({ type: "called", call });
    if (wasRecording !== call.is_recording && TALKING.has(call.state)) {
      announce(t(call.is_recording ? "call.recording_on" : "call.recording_off"));
    }
    if (before !== call.state) {
      this.syncTracks();
      const agent = agentName(this.app);
      if (call.state === "on_hold") {
        announce(`${t("call.hold")}. ${t("call.hold_next", { agent })}`);
      } else if (before === "on_hold" && call.state === "connected") {
        announce(t("call.hold_over", { agent }));
      }
    }
  }

  /** @param {import("./types").Refused} message */
  refused(message) {
    const refusal = { code: message.code, status: 409, params: message.params };
    if (message.code === "call.over" || message.code === "protocol.version") {
      this.app.dispatch({ type: "refused", refusal });
    } else if (message.in_reply_to === "chat.send") {
      announce(t("chat.failed"), "urgent");
      this.app.note("alert", "chat.failed", {}, false);
    } else if (message.code === "consent.missing") {
      this.app.dispatch({ type: "broken", trouble: "bug" });
    }
  }

  /** @param {CallView} call @returns {Peer} */
  peerOf(call) {
    if (!this.peer) {
      const consents = this.app.model.join?.consents ?? [];
      this.peer = new Peer({
        send: ({ epoch, description, candidate, restart }) => this.channel?.send({
          type: "signal", call_id: call.id, epoch, description: description ?? null, candidate: candidate ?? null, restart: restart ?? false,
        }),
        onRemote: (stream) => {
          this.remote = stream;
          this.app.draw();
        },
        onState: (state) => {
          this.isPeerUp = state === "connected";
          this.tellState();
          this.app.draw();
        },
        onLive: (channel) => this.live.attach(channel),
      }, { sound: consents.includes("sound"), video: consents.includes("video") }, upKbpsOf(this.app));
      this.syncTracks();
    }
    return this.peer;
  }

  /** @param {string} text @returns {boolean} whether it is on its way */
  writeChat(text) {
    const call = this.app.model.call;
    const trimmed = text.trim();
    if (!call || !trimmed) {
      return false;
    }
    const id = newId();
    this.app.chat = written(this.app.chat, id, trimmed, new Date().toISOString());
    this.channel?.send({ type: "chat.send", call_id: call.id, message_id: id, text: trimmed });
    this.app.draw();
    return true;
  }

  /** Tell the other side how things are here, when it changed. */
  tellState() {
    const call = this.app.model.call;
    if (!call || !TALKING.has(call.state) || this.channel?.state !== "open") {
      return;
    }
    const { camera } = this.app;
    const settings = camera.video?.getSettings() ?? {};
    const { zoom, min, max } = camera.zoom;
    /** @type {PartyState} */
    const state = {
      is_connected: this.isPeerUp, audio_muted: camera.isMuted || !camera.audio, video_muted: camera.isVideoOff || !camera.video, facing: camera.looks,
      has_torch: camera.hasTorch, is_torch_on: camera.isTorchOn, is_page_hidden: document.visibilityState === "hidden",
      can_take_still: camera.video !== null && !camera.isVideoOff && Boolean(this.app.model.join?.consents?.includes("stills")),
      zoom, zoom_min: min, zoom_max: max, width_px: settings.width ?? 0, height_px: settings.height ?? 0,
    };
    const text = JSON.stringify(state);
    if (text !== this.lastState) {
      this.lastState = text;
      this.channel.send({ type: "state.mine", call_id: call.id, state });
    }
  }

  /** @param {import("./types").Asked} message */
  async asked({ ask, call_id: callId, snapshot_id: snapshotId, zoom }) {
    const { camera, stills } = this.app;
    const agent = agentName(this.app);
    switch (ask) {
      case "picture_taken":
        this.shutter(snapshotId);
        break;
      case "take_still":
        this.shutter(snapshotId);
        stills.asked(ask, callId, snapshotId ?? "");
        break;
      case "native_camera":
        stills.asked(ask, callId, snapshotId ?? "");
        announce(t("native.asked", { agent }));
        break;
      case "turn_camera":
        await camera.turn();
        this.app.note("turn", "call.agent_turn", { agent });
        break;
      case "zoom": {
        const before = camera.zoom.zoom;
        if (zoom && await camera.setZoom(zoom)) {
          this.app.note("zoom", zoom < before ? "call.agent_zoom_out" : "call.agent_zoom_in", { agent });
        }
        this.tellState();
        break;
      }
      default: {
        const isDone = await camera.setTorch(ask === "torch_on");
        this.app.note("light", isDone ? `call.agent_${ask}` : "call.agent_torch_none", { agent });
      }
    }
  }

  /** The customer sees, hears and feels that a picture is taken; once for the frame and the still of one snapshot. @param {string | null} snapshotId */
  shutter(snapshotId) {
    if (snapshotId && snapshotId === this.flashed) {
      return;
    }
    this.flashed = snapshotId;
    this.app.flashes += 1;
    shutter();
    navigator.vibrate?.(60);
    this.app.note("still", "call.picture_taken", { agent: agentName(this.app) });
  }
}
