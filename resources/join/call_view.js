// The call: own camera over the whole screen, the agent as a tile, round controls with their names at the bottom.

import { MAX_CHARS } from "./chat.js";
import { h, icon } from "./dom.js";
import { liveLayer } from "./live_layer.js";
import { photoSender } from "./photos_view.js";
import { agentName, button, initials, videoOf } from "./screens_view.js";
import { nativeCard, sendingText } from "./stills_view.js";
import { clockTime, t } from "./texts.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./dom.js").IconName} IconName */
/** @typedef {{element: HTMLButtonElement, show: (how: {icon?: IconName, words: string, isOn?: boolean, badge?: number, isHidden?: boolean, isDisabled?: boolean}) => void}} Control */

/**
 * A round control with its name under it. What it says is what is now; a press changes it.
 * @param {string} name
 * @param {() => void} action
 * @param {string} [kind]
 * @returns {Control}
 */
function control(name, action, kind = "") {
  const sign = h("span", { class: "sign" });
  const words = h("span", { class: "words" });
  const badge = h("span", { class: "badge", "aria-hidden": "true" });
  const element = h("button", { type: "button", class: `control ${kind}`, "data-name": name, onclick: action }, sign, words, badge);
  let drawn = "";
  return {
    element,
    show: ({ icon: sort, words: text, isOn, badge: count = 0, isHidden = false, isDisabled = false }) => {
      if (sort && sort !== drawn) {
        drawn = sort;
        sign.replaceChildren(icon(sort));
      }
      words.textContent = text;
      element.hidden = isHidden;
      element.setAttribute("aria-disabled", String(isDisabled));
      if (isOn !== undefined) {
        element.classList.toggle("is-off", !isOn);
      }
      badge.textContent = count ? String(count) : "";
      badge.hidden = count === 0;
    },
  };
}

/** @param {App} app @returns {import("./screens_view.js").View} */
export function call(app) {
  const own = ownPicture(app);
  const live = liveLayer(app);
  const tile = agentTile(app);
  const status = h("p", { class: "status" });
  const recording = h("p", { class: "recording" }, t("call.recording"));
  const native = nativeCard(app);
  const notices = h("div", { class: "notices" });
  const listen = h("button", { type: "button", class: "button primary listen", onclick: () => app.listen(), hidden: true });
  const flash = h("div", { class: "flash", "aria-hidden": "true" });
  const bar = controls(app);
  const panel = sidePanel(app);
  const dialog = stopDialog(app);
  const seen = { flashes: app.flashes };
  const element = h("section", {
    class: "call", "aria-labelledby": "call-title",
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Escape" && app.panel && !app.isStopAsked) {
        app.openPanel(null);
      }
    },
  },
    own.element, live.element,
    h("div", { class: "call-top" }, h("div", { class: "call-who" }, h("h1", { id: "call-title", tabindex: "-1" }, t("call.title", { agent: agentName(app) })), status, recording, live.put), tile.element),
    h("div", { class: "middle" }, listen, notices, native.element), bar.element, panel.element, flash, dialog.element);
  return {
    element,
    close: () => live.close?.(),
    update: () => {
      own.update();
      live.update?.();
      tile.update();
      bar.update();
      panel.update();
      dialog.update();
      status.textContent = t(callStatus(app));
      status.dataset["state"] = callStatus(app);
      element.classList.toggle("is-held", callStatus(app) === "call.hold");
      recording.hidden = !app.model.call?.is_recording;
      native.update();
      listen.hidden = !app.isSilenced;
      listen.textContent = t("call.listen", { agent: agentName(app) });
      drawNotices(app, notices);
      element.classList.toggle("has-panel", app.panel !== null);
      if (seen.flashes !== app.flashes) {
        seen.flashes = app.flashes;
        flash.classList.remove("now");
        void flash.offsetWidth; // begin the animation anew
        flash.classList.add("now");
      }
    },
  };
}

/** The call's state in the key of its words. @param {App} app */
function callStatus(app) {
  const { call: now, channel } = app.model;
  if (now?.state === "on_hold") {
    return "call.hold";
  }
  if (channel === "lost" || now?.state === "reconnecting" || (now?.connected_at && !app.talk.isPeerUp)) {
    return "call.reconnecting";
  }
  return app.talk.isPeerUp ? "call.connected" : "call.connecting";
}

/** @param {App} app @param {HTMLElement} notices */
function drawNotices(app, notices) {
  const agent = agentName(app);
  const phone = app.model.join?.phone_number;
  const status = callStatus(app);
  /** @type {[string, IconName, string][]} */
  const shown = [];
  if (status === "call.hold") {
    shown.push(["hold", "pause", t("call.hold_next", { agent })]);
  } else if (status === "call.reconnecting") {
    const key = app.model.channel === "open" && app.talk.isPeerUp && app.model.call?.state === "reconnecting" ? "call.agent_gone" : "call.reconnecting_next";
    shown.push(["warn", "refresh", t(key, { agent }) + (phone ? ` ${t("page.call_us", { phone })}` : "")]);
  }
  const still = sendingText(app);
  if (still) {
    shown.push(["still", "still", still]);
  }
  if (app.notice) {
    shown.push(["event", app.notice.icon, t(app.notice.key, app.notice.params)]);
  }
  const now = JSON.stringify(shown);
  if (notices.dataset["drawn"] !== now) {
    notices.dataset["drawn"] = now;
    notices.replaceChildren(...shown.map(([kind, sign, text]) => h("p", { class: `notice ${kind}` }, icon(sign), h("span", {}, text))));
  }
}

/** @param {App} app */
function ownPicture(app) {
  const element = h("div", { class: "own" });
  // A picture that lies on a screen that stands (or the other way round) is shown whole: what is cut off here, the agent does see.
  const fit = () => {
    const video = app.ownVideo;
    video.classList.toggle("whole", (video.videoWidth > video.videoHeight) !== (element.clientWidth > element.clientHeight));
  };
  app.ownVideo.onresize = fit;
  new ResizeObserver(fit).observe(element);
  let drawn = "";
  const update = () => {
    const { camera } = app;
    const agent = agentName(app);
    const now = camera.video && !camera.isVideoOff ? `video ${camera.video.id} ${app.isMirrored()}` : `words ${camera.isVideoOff} ${camera.videoState} ${camera.audioState}`;
    if (now === drawn) {
      return;
    }
    drawn = now;
    if (now.startsWith("video")) {
      element.replaceChildren(videoOf(app, t("call.own_picture", { agent })));
      fit();
      return;
    }
    const wants = app.wants();
    const key = camera.isVideoOff ? "call.camera_is_off" : wants.video && camera.videoState !== "asking" && app.hadVideo ? "call.camera_lost"
      : camera.audio ? "call.no_camera" : "call.no_camera_no_mic";
    element.replaceChildren(h("div", { class: "no-picture" }, icon("camera_off"), h("p", {}, t(key, { agent })),
      wants.video ? button(t("call.camera_again"), () => void app.cameraAgain(), { kind: "primary", name: "camera-again" }) : null,
      app.model.join?.consents?.includes("stills") ? button(t("call.send_photos"), () => app.openPanel("photos"), { kind: "second", name: "send-photos" }) : null));
  };
  return { element, update };
}

/** @param {App} app */
function agentTile(app) {
  const video = app.agentVideo;
  video.setAttribute("aria-label", t("call.agent_picture", { agent: agentName(app) }));
  const face = h("div", { class: "face", role: "img", "aria-label": agentName(app) }, initials(agentName(app)));
  const element = h("div", { class: "tile" }, video, face);
  const update = () => {
    if (app.talk.remote && video.srcObject !== app.talk.remote) {
      video.srcObject = app.talk.remote;
    }
    if (app.talk.remote && video.paused) {
      void video.play().then(() => app.heard(true), () => app.heard(false));
    }
    const hasPicture = Boolean(app.talk.remote?.getVideoTracks().some((track) => track.readyState === "live" && !track.muted)) && !app.model.call?.agent.video_muted;
    video.classList.toggle("unseen", !hasPicture);
    face.hidden = hasPicture;
  };
  return { element, update };
}

/** @param {App} app */
function controls(app) {
  const { camera } = app;
  const mic = control("mic", () => app.toggleMic());
  const cam = control("camera", () => void app.toggleCamera());
  const turn = control("turn", () => void camera.turn());
  const light = control("light", () => void camera.setTorch(!camera.isTorchOn));
  const chat = control("chat", () => app.openPanel(app.panel === "chat" ? null : "chat"));
  const photos = control("photos", () => app.openPanel(app.panel === "photos" ? null : "photos"));
  const stop = control("hang-up", () => app.askStop(true), "stop");
  const update = () => {
    const wants = app.wants();
    const { unread } = app.chat;
    mic.show({ icon: camera.isMuted ? "mic_off" : "mic", words: t(camera.isMuted ? "call.mic_off" : "call.mic"), isOn: !camera.isMuted, isHidden: !wants.audio || !camera.audio });
    cam.show({ icon: camera.isVideoOff ? "camera_off" : "camera", words: t(camera.isVideoOff ? "call.camera_off" : "call.camera"), isOn: !camera.isVideoOff, isHidden: !wants.video || (!camera.video && !camera.isVideoOff) });
    turn.show({ icon: "turn", words: t("call.turn"), isHidden: !camera.video || camera.cameraCount < 2 });
    light.show({ icon: "light", words: t("call.light"), isOn: true, isHidden: !camera.hasTorch });
    light.element.setAttribute("aria-pressed", String(camera.isTorchOn));
    chat.show({ icon: "chat", words: unread ? t("call.chat_unread", { n: unread }) : t("call.chat"), badge: unread });
    chat.element.setAttribute("aria-expanded", String(app.panel === "chat"));
    photos.show({ icon: "photo", words: t("call.photos"), isHidden: !app.model.join?.consents?.includes("stills") || (Boolean(camera.video) && window.innerWidth < 600) });
    photos.element.setAttribute("aria-expanded", String(app.panel === "photos"));
    stop.show({ icon: "hang_up", words: t("call.hang_up") });
  };
  const row = [mic, cam, turn, light, chat, photos, stop].map((one) => one.element);
  return { element: h("div", { class: "controls", role: "group", "aria-label": t("call.controls") }, ...row), update };
}

/** @param {App} app */
function sidePanel(app) {
  const element = h("div", { class: "panel", hidden: true });
  /** @type {string | null} */
  let drawn = null;
  /** @type {(() => void) | null} */
  let refresh = null;
  const update = () => {
    if (app.panel !== drawn) {
      drawn = app.panel;
      element.hidden = drawn === null;
      const content = drawn === "chat" ? chatPanel(app) : drawn === "photos" ? photosPanel(app) : null;
      element.replaceChildren(...(content ? [content.element] : []));
      refresh = content?.update ?? null;
      refresh?.();
      content?.element.querySelector("h2")?.focus();
    } else {
      refresh?.();
    }
  };
  return { element, update };
}

/** @param {string} words @param {string} label @param {App} app */
function panelHead(words, label, app) {
  return h("div", { class: "panel-head" }, h("h2", { tabindex: "-1" }, words),
    h("button", { type: "button", class: "icon-button", "aria-label": label, onclick: () => app.openPanel(null) }, icon("close")));
}

/** @param {App} app */
function photosPanel(app) {
  const sender = photoSender(app);
  return {
    element: h("div", { class: "panel-body" }, panelHead(t("photos.title"), t("photos.close"), app),
      h("p", {}, t("photos.lead", { number: app.model.join?.case_number ?? "", agent: agentName(app) })), sender.element),
    update: sender.update,
  };
}

/** @param {App} app */
function chatPanel(app) {
  const list = h("ol", { class: "lines", tabindex: "0", "aria-label": t("chat.title") });
  const empty = h("p", { class: "quiet" }, t("chat.empty"));
  const input = h("textarea", {
    id: "chat-text", rows: 1, maxlength: MAX_CHARS, enterkeyhint: "send", oninput: () => { app.drafts.chat = input.value; },
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        send();
      }
    },
  });
  input.value = app.drafts.chat;
  /** The text goes out; what is not sent stays. */
  function send() {
    if (app.talk.writeChat(input.value)) {
      input.value = app.drafts.chat = "";
    }
    input.focus();
  }
  let drawn = "";
  return {
    element: h("div", { class: "panel-body" }, panelHead(t("chat.title"), t("chat.close"), app), empty, list,
      h("form", { class: "chat-form", onsubmit: (/** @type {SubmitEvent} */ event) => { event.preventDefault(); send(); } },
        h("label", { for: "chat-text" }, t("chat.label")), h("div", { class: "chat-row" }, input,
          h("button", { type: "submit", class: "icon-button send", "aria-label": t("chat.send") }, icon("send"))))),
    update: () => {
      const now = JSON.stringify(app.chat.lines);
      empty.hidden = app.chat.lines.length > 0;
      list.hidden = app.chat.lines.length === 0;
      if (now !== drawn) {
        drawn = now;
        list.replaceChildren(...app.chat.lines.map((line) => h("li", { class: `line ${line.sender}` },
          h("span", { class: "small" }, `${line.sender === "customer" ? t("chat.you") : agentName(app)} · ${line.isSent ? clockTime(line.at) : t("chat.on_its_way")}`),
          h("p", { dir: "auto" }, line.text))));
        list.scrollTop = list.scrollHeight;
      }
    },
  };
}

/** @param {App} app */
function stopDialog(app) {
  const element = h("dialog", { class: "card stop-dialog", "aria-labelledby": "stop-title", onclose: () => app.askStop(false) },
    h("h2", { id: "stop-title" }, t("call.stop_title")), h("p", {}, t("call.stop_text")),
    button(t("call.stop_yes"), () => app.hangUp(), { kind: "danger", name: "stop-yes" }),
    button(t("call.stop_no"), () => app.askStop(false), { kind: "second", name: "stop-no" }));
  const update = () => {
    if (app.isStopAsked && !element.open && element.isConnected) {
      element.showModal();
    } else if (!app.isStopAsked && element.open) {
      element.close();
    }
  };
  return { element, update };
}
