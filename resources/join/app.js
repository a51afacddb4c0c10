// The page as a whole: what happens (people, browser, service) goes into the table of screens.js; what it says is done and shown here.

import * as api from "./api.js";
import { canCall, WakeLock } from "./browser.js";
import { Camera } from "./camera.js";
import { Conversation } from "./conversation.js";
import { announce, byId } from "./dom.js";
import { emptyChat, opened } from "./chat.js";
import { device, recall, remember } from "./memory.js";
import { firstModel, next } from "./screens.js";
import { player } from "./screens_view.js";
import { drawFrame, show } from "./showing.js";
import { audioContext, chime } from "./sounds.js";
import { Stills } from "./stills.js";
import { drawSending } from "./stills_view.js";
import { firstLanguage, language, t, useLanguage } from "./texts.js";
import { Uploads } from "./upload.js";

/** @typedef {import("./types").ConsentScope} ConsentScope */
/** @typedef {import("./screens.js").Happening} Happening */
/** @typedef {import("./screens.js").Screen} Screen */
/** @typedef {import("./dom.js").IconName} IconName */
/** @typedef {"chat" | "photos" | null} Panel */

const NOTICE_MS = 6_000;

export class App {
  constructor() {
    this.model = firstModel();
    this.camera = new Camera(() => this.cameraChanged());
    this.wake = new WakeLock();
    this.uploads = new Uploads(() => this.token, () => this.stills.changed());
    this.stills = new Stills(this);
    this.token = "";
    this.linkToken = "";
    this.phoneNumber = recall("local", "phone") ?? "";
    this.deskName = "";
    this.talk = new Conversation(this);
    this.chat = emptyChat();
    this.drafts = { code: "", chat: "", scopes: /** @type {Set<ConsentScope>} */ (new Set()) };
    this.ownVideo = player(true);
    this.agentVideo = player(false);
    /** @type {Panel} */
    this.panel = null;
    /** @type {{icon: IconName, key: string, params: Record<string, string>} | null} */
    this.notice = null;
    this.noticeTimer = 0;
    this.problem = "";
    this.isBusy = false;
    this.isExplained = false;
    this.isStopAsked = false;
    this.isSilenced = false;
    this.isVideoSkipped = false;
    this.hadVideo = false;
    this.flashes = 0;
    /** @type {import("./screens_view.js").View | null} */
    this.view = null;
    /** @type {Screen | null} */
    this.shown = null;
  }

  async start() {
    this.linkToken = location.hash.slice(1);
    this.token = recall("session", "token") ?? "";
    await useLanguage(firstLanguage(recall("local", "language"), navigator.languages ?? []));
    document.addEventListener("visibilitychange", () => this.visibilityChanged());
    window.addEventListener("online", () => this.hurry());
    window.addEventListener("hashchange", () => this.newLink());
    window.addEventListener("resize", () => this.draw());
    navigator.mediaDevices?.addEventListener?.("devicechange", () => void this.camera.count().then(() => this.draw()));
    void this.stills.resume();
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
    this.stayAwake();
    if (screen === "waiting" || screen === "call") {
      this.talk.connect();
      if (screen === "waiting" && this.talk.channel?.state === "open" && this.model.call?.state !== "waiting") {
        this.talk.enterWaitingRoom();
      }
      if (this.camera.videoState === "off" && this.camera.audioState === "off") {
        void this.openCamera();
      }
      if (screen === "call") {
        chime();
      }
    } else if (screen === "code") {
      void this.learnDesk();
    } else if (screen === "thanks" || screen === "trouble") {
      void this.learnDesk();
      if (screen === "thanks" && this.model.ending === "over") {
        remember("session", "over", this.model.join?.invitation_id ?? null);
      }
      this.letGo();
    }
  }

  /** The screen stays on while somebody waits or talks, and while a picture is on its way. */
  stayAwake() {
    const { screen } = this.model;
    const isInside = screen === "waiting" || screen === "call" || (screen === "photos" && this.talk.channel !== null);
    this.wake.want(isInside || this.stills.isBusy);
  }

  letGo() {
    this.stills.abandon();
    this.talk.end();
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

  /** Whose page this is and how to phone them, where no link has told it. */
  async learnDesk() {
    if (!this.model.join && !this.deskName) {
      const answer = await api.info();
      if (answer.ok) {
        this.deskName = answer.value.desk_name;
        this.phoneNumber = answer.value.phone_number;
        drawFrame(this);
      }
    }
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
    this.talk.syncTracks();
    this.talk.tellState();
    this.draw();
  }

  visibilityChanged() {
    if (document.visibilityState === "visible") {
      void this.camera.recover({ isForced: true });
      this.hurry();
      if (this.isSilenced) {
        this.listen();
      }
    }
    this.talk.tellState();
  }

  /** Something says that the network may be back. */
  hurry() {
    this.talk.hurry();
    this.stills.patience.hurry();
  }

  stillsChanged() {
    this.stayAwake();
    this.draw();
  }

  isMirrored() {
    const { looks } = this.camera;
    return looks === "user" || (looks === "unknown" && !this.model.join?.prefers_rear_camera);
  }

  // ── in the call ───────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * A notice over the picture for a few seconds.
   * @param {IconName} sign @param {string} key @param {Record<string, string>} [params] @param {boolean} [isSaid]
   */
  note(sign, key, params = {}, isSaid = true) {
    clearTimeout(this.noticeTimer);
    this.notice = { icon: sign, key, params };
    this.noticeTimer = window.setTimeout(() => {
      this.notice = null;
      this.draw();
    }, NOTICE_MS);
    if (isSaid) {
      announce(t(key, params));
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

  /** @param {Panel} panel */
  openPanel(panel) {
    const before = this.panel;
    this.panel = panel;
    this.chat = opened(this.chat, panel === "chat");
    this.draw();
    if (panel === null && before) {
      /** @type {HTMLElement | null} */ (document.querySelector(`.control[data-name="${before}"]`))?.focus();
    }
  }

  /** @param {boolean} isAsked */
  askStop(isAsked) {
    this.isStopAsked = isAsked;
    this.draw();
  }

  hangUp() {
    this.stills.abandon();
    this.sayGoodbye();
    this.dispatch({ type: "hung_up" });
  }

  leave() {
    this.sayGoodbye();
    this.dispatch({ type: "left" });
  }

  sayGoodbye() {
    if (this.model.call) {
      this.talk.channel?.send({ type: "call.leave", call_id: this.model.call.id });
    }
  }

  listen() {
    void this.agentVideo.play().then(() => this.heard(true), () => undefined);
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
      show(this, true);
    }
    this.view?.update?.();
    drawSending(this);
  }

  /** @param {import("./types").Language} wanted */
  async speak(wanted) {
    await useLanguage(wanted);
    remember("local", "language", wanted);
    show(this, false);
    /** @type {HTMLElement | null} */ (byId("bar").querySelector("button"))?.focus();
  }
}
