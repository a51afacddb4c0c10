// The page as a whole: what happens (people, browser, service) goes into the table of screens.js; what it says is done and shown here.

import * as api from "./api.js";
import { canCall, WakeLock } from "./browser.js";
import { call as callView } from "./call_view.js";
import { Camera } from "./camera.js";
import { announce, byId, h } from "./dom.js";
import { emptyChat, opened, renewed, stands, written } from "./chat.js";
import { device, newId, randomName, recall, remember } from "./memory.js";
import { Peer } from "./peer.js";
import { photos as photosView } from "./photos_view.js";
import { firstModel, next } from "./screens.js";
import * as views from "./screens_view.js";
import { Channel } from "./signaling.js";
import { audioContext, chime, shutter } from "./sounds.js";
import { firstLanguage, language, LANGUAGES, t, useLanguage } from "./texts.js";
import { Uploads } from "./upload.js";

/** @typedef {import("./types").FromService} FromService */
/** @typedef {import("./types").PartyState} PartyState */
/** @typedef {import("./types").ConsentScope} ConsentScope */
/** @typedef {import("./types").CallView} CallView */
/** @typedef {import("./screens.js").Happening} Happening */
/** @typedef {import("./screens.js").Screen} Screen */
/** @typedef {import("./dom.js").IconName} IconName */
/** @typedef {"chat" | "photos" | null} Panel */

const NOTICE_MS = 6_000;
const TALKING = new Set(["accepted", "connected", "on_hold", "reconnecting"]);

/** @type {Record<Screen, (app: App) => views.View>} */
const VIEWS = {
  loading: views.loading, code: views.code, welcome: views.welcome, consent: views.consent, check: views.check, waiting: views.waiting,
  call: callView, photos: photosView, thanks: views.thanks, trouble: views.trouble,
};

export class App {
  constructor() {
    this.model = firstModel();
    this.camera = new Camera(() => this.cameraChanged());
    this.wake = new WakeLock();
    this.uploads = new Uploads(() => this.token, () => this.draw());
    this.token = "";
    this.linkToken = "";
    this.phoneNumber = recall("local", "phone") ?? "";
    this.connectionName = randomName();
    /** @type {Channel | null} */
    this.channel = null;
    /** @type {Peer | null} */
    this.peer = null;
    /** @type {MediaStream | null} */
    this.remote = null;
    this.chat = emptyChat();
    this.drafts = { code: "", chat: "", scopes: /** @type {Set<ConsentScope>} */ (new Set()) };
    /** @type {Panel} */
    this.panel = null;
    /** @type {{icon: IconName, text: string} | null} */
    this.notice = null;
    this.noticeTimer = 0;
    this.problem = "";
    this.isBusy = false;
    this.isExplained = false;
    this.isStopAsked = false;
    this.isSilenced = false;
    this.isPeerUp = false;
    this.isVideoSkipped = false;
    this.hadVideo = false;
    this.flashes = 0;
    this.lastState = "";
    this.lastRefusal = "";
    /** @type {views.View | null} */
    this.view = null;
    /** @type {Screen | null} */
    this.shown = null;
  }

  async start() {
    this.linkToken = location.hash.slice(1);
    this.token = recall("session", "token") ?? "";
    await useLanguage(firstLanguage(recall("local", "language"), navigator.languages ?? []));
    document.addEventListener("visibilitychange", () => this.visibilityChanged());
    window.addEventListener("online", () => this.peer?.hurry());
    window.addEventListener("hashchange", () => this.newLink());
    window.addEventListener("resize", () => this.draw());
    navigator.mediaDevices?.addEventListener?.("devicechange", () => void this.camera.count().then(() => this.draw()));
    if (!canCall()) {
      this.dispatch({ type: "broken", trouble: "browser" });
      return;
    }
    this.dispatch({ type: "opened", hasLink: Boolean(this.linkToken || this.token) });
    if (this.model.screen === "loading") {
      await this.load();
    }
  }

  /** Another link was opened in this tab. */
  newLink() {
    if (location.hash.length > 1 && location.hash.slice(1) !== this.linkToken) {
      remember("session", "token", null);
      location.reload();
    }
  }

  // ── what happens ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** @param {Happening} happening */
  dispatch(happening) {
    const before = this.model;
    this.model = next(before, happening);
    if (this.model.screen !== before.screen) {
      this.problem = "";
      this.entered(this.model.screen);
    }
    this.draw();
  }

  /** @param {Screen} screen */
  entered(screen) {
    const isInside = screen === "waiting" || screen === "call" || (screen === "photos" && this.channel !== null);
    this.wake.want(isInside);
    if (screen === "waiting" || screen === "call") {
      this.connect();
      if (screen === "waiting" && this.channel?.state === "open" && this.model.call?.state !== "waiting") {
        this.enterWaitingRoom();
      }
      if (this.camera.videoState === "off" && this.camera.audioState === "off") {
        void this.openCamera();
      }
      if (screen === "call") {
        chime();
      }
    } else if (screen === "thanks" || screen === "trouble") {
      if (screen === "thanks" && this.model.ending === "over") {
        remember("session", "over", this.model.join?.invitation_id ?? null);
      }
      this.letGo();
    }
  }

  letGo() {
    this.peer?.end();
    this.peer = null;
    this.isPeerUp = false;
    this.remote = null;
    this.channel?.close();
    this.channel = null;
    this.camera.close();
    this.panel = null;
    this.isStopAsked = false;
    this.chat = emptyChat();
  }

  /** Link or token → what the page needs to know. A link is exchanged by POST, so that a chat app's preview cannot use it up. */
  async load() {
    const answer = this.linkToken ? await api.exchange({ token: this.linkToken, device: device() }) : await api.state(this.token);
    await this.took(answer);
  }

  /** @param {string} text */
  async enterCode(text) {
    const code = text.replace(/\D/g, "");
    if (code.length !== 6) {
      this.dispatch({ type: "refused", refusal: { code: "code.short", status: 422, params: {} } });
      return;
    }
    this.isBusy = true;
    this.draw();
    const answer = await api.exchange({ code, device: device() });
    this.isBusy = false;
    await this.took(answer);
  }

  /** @param {api.Outcome<api.JoinView>} answer */
  async took(answer) {
    if (!answer.ok) {
      this.dispatch({ type: "refused", refusal: answer.refusal });
      return;
    }
    const join = answer.value;
    this.token = join.token || this.token;
    this.phoneNumber = join.phone_number;
    remember("session", "token", this.token);
    remember("local", "phone", join.phone_number || null);
    if (location.hash) {
      history.replaceState(null, "", location.pathname + location.search);
    }
    this.linkToken = "";
    this.camera.facing = join.prefers_rear_camera ? "environment" : "user";
    if (!recall("local", "language")) {
      await useLanguage(join.language);
    }
    this.dispatch({ type: "joined", join, isOver: recall("session", "over") === join.invitation_id });
  }

  again() {
    const { trouble, screen } = this.model;
    if (screen === "trouble" && trouble === "version") {
      location.reload();
      return;
    }
    const wasCode = screen === "trouble" && !this.linkToken && !this.token;
    this.dispatch({ type: wasCode ? "code_wanted" : "again" });
    if (this.model.screen === "loading") {
      void this.load();
    }
  }

  /** @param {ConsentScope[]} granted */
  async giveConsent(granted) {
    audioContext(); // a touch: sounds may play from here on
    this.isBusy = true;
    this.problem = "";
    this.draw();
    const answer = await api.consent(this.token, { text_version: this.model.join?.consent_text.version ?? "", language: language(), granted });
    this.isBusy = false;
    if (!answer.ok) {
      if (answer.refusal.status === 401 || answer.refusal.status === 410) {
        this.dispatch({ type: "refused", refusal: answer.refusal });
      } else {
        this.problem = "consent.failed";
        this.draw();
      }
      return;
    }
    this.isVideoSkipped = false;
    this.isExplained = true;
    this.camera.close();
    this.dispatch({ type: "consented", granted: answer.value.granted });
    if (this.model.screen === "check") {
      await this.openCamera();
    }
  }

  // ── camera and microphone ─────────────────────────────────────────────────────────────────────────────────────────

  /** What the customer consented to and did not set aside. */
  wants() {
    const consents = this.model.join?.consents ?? [];
    return { video: consents.includes("video") && !this.isVideoSkipped, audio: consents.includes("sound") };
  }

  async openCamera() {
    audioContext();
    const wants = this.wants();
    if (wants.video || wants.audio) {
      await this.camera.open(wants);
    }
  }

  async goOnWithoutCamera() {
    this.isVideoSkipped = true;
    this.camera.close();
    await this.openCamera();
    if (!this.camera.audio) {
      this.dispatch({ type: "checked" });
    }
  }

  async cameraAgain() {
    if (this.camera.isVideoOff || this.camera.audio) {
      await this.camera.setVideoOff(false);
    } else {
      await this.openCamera();
    }
  }

  cameraChanged() {
    this.hadVideo ||= this.camera.video !== null;
    this.syncTracks();
    this.tellState();
    this.draw();
  }

  syncTracks() {
    const isHeld = this.model.call?.state === "on_hold";
    void this.peer?.setTracks({ audio: isHeld ? null : this.camera.audio, video: isHeld ? null : this.camera.video });
  }

  visibilityChanged() {
    if (document.visibilityState === "visible") {
      void this.camera.recover({ isForced: true });
      this.channel?.hurry();
      this.peer?.hurry();
      if (this.isSilenced) {
        this.listen();
      }
    }
    this.tellState();
  }

  isMirrored() {
    const { looks } = this.camera;
    return looks === "user" || (looks === "unknown" && !this.model.join?.prefers_rear_camera);
  }

  // ── signaling ─────────────────────────────────────────────────────────────────────────────────────────────────────

  connect() {
    if (this.channel) {
      return;
    }
    this.lastState = "";
    const url = new URL("/ws/customer", location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    url.hash = url.search = "";
    this.channel = new Channel({
      url: url.href, token: this.token, connection: this.connectionName,
      onMessage: (message) => this.receive(message),
      onState: (state) => this.dispatch({ type: "channel", state }),
      onRefused: (code) => void this.turnedAway(code),
    });
  }

  /** @param {number} closeCode */
  async turnedAway(closeCode) {
    if (closeCode === 4409) {
      this.dispatch({ type: "broken", trouble: "replaced" });
      return;
    }
    const answer = await api.state(this.token);
    this.dispatch(answer.ok ? { type: "broken", trouble: "bug" } : { type: "refused", refusal: answer.refusal });
  }

  enterWaitingRoom() {
    this.channel?.send({ type: "waiting.enter", has_camera: this.camera.video !== null, has_microphone: this.camera.audio !== null });
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
        if (id === this.model.call?.id) {
          this.peer?.feed({ type: "signaled", epoch, description, candidate, restart });
        }
        break;
      }
      case "chat.line":
        this.chat = stands(this.chat, message);
        if (message.sender === "agent") {
          announce(t("chat.new", { agent: views.agentName(this), text: message.text }));
          if (this.panel !== "chat") {
            this.note("chat", t("chat.new", { agent: views.agentName(this), text: message.text }), false);
          }
        }
        break;
      case "page.asked":
        void this.asked(message.ask);
        break;
      case "error":
        this.refused(message);
        break;
      default:
        break;
    }
    this.draw();
  }

  /** @param {import("./types").Welcome} message */
  welcomed(message) {
    const call = message.calls[0];
    this.lastState = "";
    this.chat = renewed(this.chat, message.chat);
    if (call && (TALKING.has(call.state) || call.state === "waiting" || this.model.screen === "call")) {
      this.callChanged(call);
      if (TALKING.has(call.state) && this.peer && this.peer.negotiation.epoch > 0) {
        this.peer.feed({ type: "epoch_seen", epoch: call.epoch });
      }
    }
    if (this.model.screen === "waiting") {
      this.enterWaitingRoom();
    }
    this.tellState();
  }

  /** @param {CallView} call */
  callChanged(call) {
    const before = this.model.call?.state;
    this.dispatch({ type: "called", call });
    if (before !== call.state) {
      this.syncTracks();
      const agent = views.agentName(this);
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
      this.dispatch({ type: "refused", refusal });
    } else if (message.in_reply_to === "chat.send") {
      announce(t("chat.failed"), "urgent");
      this.note("alert", t("chat.failed"), false);
    } else if (message.code === "consent.missing") {
      this.dispatch({ type: "broken", trouble: "bug" });
    }
  }

  /** @param {CallView} call @returns {Peer} */
  peerOf(call) {
    if (!this.peer) {
      const consents = this.model.join?.consents ?? [];
      this.peer = new Peer({
        send: ({ epoch, description, candidate, restart }) => this.channel?.send({
          type: "signal", call_id: call.id, epoch, description: description ?? null, candidate: candidate ?? null, restart: restart ?? false,
        }),
        onRemote: (stream) => {
          this.remote = stream;
          this.draw();
        },
        onState: (state) => {
          this.isPeerUp = state === "connected";
          this.tellState();
          this.draw();
        },
      }, { sound: consents.includes("sound"), video: consents.includes("video") });
      this.syncTracks();
    }
    return this.peer;
  }

  /** Tell the other side how things are here, when it changed. */
  tellState() {
    const call = this.model.call;
    if (!call || !TALKING.has(call.state) || this.channel?.state !== "open") {
      return;
    }
    const { camera } = this;
    const settings = camera.video?.getSettings() ?? {};
    /** @type {PartyState} */
    const state = {
      is_connected: this.isPeerUp, audio_muted: camera.isMuted || !camera.audio, video_muted: camera.isVideoOff || !camera.video, facing: camera.looks,
      has_torch: camera.hasTorch, is_torch_on: camera.isTorchOn, is_page_hidden: document.visibilityState === "hidden",
      width_px: settings.width ?? 0, height_px: settings.height ?? 0,
    };
    const text = JSON.stringify(state);
    if (text !== this.lastState) {
      this.lastState = text;
      this.channel.send({ type: "state.mine", call_id: call.id, state });
    }
  }

  // ── in the call ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** The call's state in the key of its words. */
  callStatus() {
    const { call, channel } = this.model;
    if (call?.state === "on_hold") {
      return "call.hold";
    }
    if (channel === "lost" || call?.state === "reconnecting" || (call?.connected_at && !this.isPeerUp)) {
      return "call.reconnecting";
    }
    return this.isPeerUp ? "call.connected" : "call.connecting";
  }

  /** @param {FromAsk} ask */
  async asked(ask) {
    const agent = views.agentName(this);
    if (ask === "picture_taken") {
      this.flashes += 1;
      shutter();
      navigator.vibrate?.(60);
      this.note("still", t("call.picture_taken", { agent }));
    } else if (ask === "turn_camera") {
      await this.camera.turn();
      this.note("turn", t("call.agent_turn", { agent }));
    } else {
      const isDone = await this.camera.setTorch(ask === "torch_on");
      this.note("light", t(isDone ? `call.agent_${ask}` : "call.agent_torch_none", { agent }));
    }
  }

  /** @param {IconName} sign @param {string} text @param {boolean} [isSaid] */
  note(sign, text, isSaid = true) {
    clearTimeout(this.noticeTimer);
    this.notice = { icon: sign, text };
    this.noticeTimer = window.setTimeout(() => {
      this.notice = null;
      this.draw();
    }, NOTICE_MS);
    if (isSaid) {
      announce(text);
    }
    this.draw();
  }

  toggleMic() {
    this.camera.mute(!this.camera.isMuted);
    announce(t(this.camera.isMuted ? "call.you_muted" : "call.you_unmuted"));
  }

  async toggleCamera() {
    await this.camera.setVideoOff(!this.camera.isVideoOff);
    announce(t(this.camera.isVideoOff ? "call.camera_off" : "call.camera"));
  }

  /** @param {string} text @returns {boolean} whether it is on its way */
  writeChat(text) {
    const call = this.model.call;
    const trimmed = text.trim();
    if (!call || !trimmed) {
      return false;
    }
    const id = newId();
    this.chat = written(this.chat, id, trimmed, new Date().toISOString());
    this.channel?.send({ type: "chat.send", call_id: call.id, message_id: id, text: trimmed });
    this.draw();
    return true;
  }

  /** @param {Panel} panel */
  openPanel(panel) {
    const before = this.panel;
    this.panel = panel;
    this.chat = opened(this.chat, panel === "chat");
    this.draw();
    if (panel === null && before) {
      document.querySelector(`[data-name="${before}"]`)?.dispatchEvent(new Event("returned"));
      /** @type {HTMLElement | null} */ (document.querySelector(`.control[data-name="${before}"]`))?.focus();
    }
  }

  /** Whether the controls have room for more than the six everyone knows. */
  isRoomy() {
    return window.innerWidth >= 600;
  }

  /** @param {boolean} isAsked */
  askStop(isAsked) {
    this.isStopAsked = isAsked;
    this.draw();
  }

  hangUp() {
    this.sayGoodbye();
    this.dispatch({ type: "hung_up" });
  }

  leave() {
    this.sayGoodbye();
    this.dispatch({ type: "left" });
  }

  sayGoodbye() {
    if (this.model.call) {
      this.channel?.send({ type: "call.leave", call_id: this.model.call.id });
    }
  }

  listen() {
    /** @type {HTMLVideoElement | null} */
    const video = document.querySelector(".agent video");
    void video?.play().then(() => this.heard(true), () => undefined);
  }

  /** @param {boolean} isHeard */
  heard(isHeard) {
    if (this.isSilenced === isHeard) {
      this.isSilenced = !isHeard;
      this.draw();
    }
  }

  // ── showing ───────────────────────────────────────────────────────────────────────────────────────────────────────

  draw() {
    const { screen } = this.model;
    if (screen !== this.shown) {
      this.build(true);
    }
    this.view?.update?.();
  }

  /** @param {boolean} isNew whether another screen is shown (then it gets the focus), or the same one in another language */
  build(isNew) {
    const { screen, join } = this.model;
    const isFirst = this.shown === null;
    this.shown = screen;
    this.view?.close?.();
    document.body.dataset["screen"] = screen;
    this.view = VIEWS[screen](this);
    byId("screen").replaceChildren(this.view.element);
    this.view.update?.();
    this.drawFrame();
    const heading = byId("screen").querySelector("h1");
    document.title = t("page.title_of", { screen: heading?.textContent ?? t("page.title"), desk: join?.desk_name || t("page.title") });
    if (isNew && !isFirst) {
      window.scrollTo(0, 0);
      heading?.focus({ preventScroll: true });
    }
  }

  drawFrame() {
    const { join } = this.model;
    const other = LANGUAGES.find((one) => one !== language()) ?? "en";
    const phone = join?.phone_number || this.phoneNumber;
    byId("bar").replaceChildren(
      h("p", { class: "desk" }, join?.desk_name ?? ""),
      h("button", { type: "button", class: "language", lang: other, "data-name": "language", onclick: () => void this.speak(other) }, t("page.other_language")));
    const line = phone ? t("page.call_us", { phone: "\u0000" }).split("\u0000") : [];
    byId("help").replaceChildren(
      ...(phone ? [h("p", {}, line[0], h("a", { href: `tel:${phone.replace(/[^\d+]/g, "")}` }, phone), line[1])] : []),
      ...(join?.case_number ? [h("p", { class: "small" }, t("page.case", { number: join.case_number }))] : []));
  }

  /** @param {import("./types").Language} wanted */
  async speak(wanted) {
    await useLanguage(wanted);
    remember("local", "language", wanted);
    this.build(false);
    /** @type {HTMLElement | null} */ (byId("bar").querySelector("button"))?.focus();
  }
}

/** @typedef {import("./types").Asked["ask"]} FromAsk */
