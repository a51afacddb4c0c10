// The screens before and after the call. Each builds its elements; what changes later is updated by its `update`.

import { browserKind } from "./browser.js";
import { copyOffer } from "./copy_offer.js";
import { h, icon } from "./dom.js";
import { quickCheck } from "./quick_check.js";
import { watchLevel } from "./sounds.js";
import { clockTime, has, language, t } from "./texts.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./types").ConsentScope} ConsentScope */
/** @typedef {{element: HTMLElement, update?: () => void, close?: () => void}} View */

/**
 * A button. `kind`: primary is the screen's one action.
 * @param {string} text
 * @param {() => void} action
 * @param {{kind?: "primary" | "second" | "quiet" | "danger", type?: "button" | "submit", name?: string}} [how]
 */
export function button(text, action, { kind = "primary", type = "button", name = "" } = {}) {
  return h("button", { type, class: `button ${kind}`, onclick: action, "data-name": name || null }, text);
}

/** @param {string} text @param {string} [id] */
function title(text, id) {
  return h("h1", { id: id ?? null, tabindex: "-1" }, text);
}

/** @param {string} kind @param {...import("./dom.js").Child} content */
function note(kind, ...content) {
  return h("div", { class: `note ${kind}` }, icon(kind === "good" ? "check" : kind === "plain" ? "info" : "alert"), h("div", {}, ...content));
}

/** @param {App} app */
export function agentName(app) {
  return app.model.call?.agent_name || app.model.join?.agent_name || t("welcome.agent_unknown");
}

/** @returns {View} */
export function loading() {
  return { element: h("section", { class: "card centred" }, h("span", { class: "spinner", "aria-hidden": "true" }), title(t("page.starting"))) };
}

/** @param {App} app @returns {View} */
export function code(app) {
  const problem = h("p", { id: "code-problem", class: "problem", role: "alert" });
  const input = h("input", {
    id: "code", name: "code", inputmode: "numeric", autocomplete: "one-time-code", maxlength: 9, required: true, enterkeyhint: "go",
    "aria-describedby": "code-problem", value: app.drafts.code, oninput: () => { app.drafts.code = input.value; },
  });
  const send = button(t("code.send"), () => undefined, { type: "submit", name: "send-code" });
  const form = h("form", {
    class: "card", novalidate: true,
    onsubmit: (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      void app.enterCode(input.value);
    },
  }, title(t("code.title")), h("p", { class: "lead" }, t("code.lead")), h("label", { for: "code" }, t("code.label")), input, problem, send);
  return {
    element: form,
    update: () => {
      const { codeProblem } = app.model;
      problem.textContent = codeProblem ? t(codeProblem) : "";
      input.setAttribute("aria-invalid", String(Boolean(codeProblem)));
      send.disabled = app.isBusy;
      send.textContent = t(app.isBusy ? "code.busy" : "code.send");
      if (codeProblem && !app.isBusy && document.activeElement !== input) {
        input.focus();
      }
    },
  };
}

/** @param {App} app @returns {View} */
export function welcome(app) {
  const join = app.model.join;
  const kind = join?.case_kind ?? "free";
  const agent = agentName(app);
  const why = kind === "styling" ? "welcome.styling" : kind === "free" ? "welcome.free" : "welcome.claim";
  const last = why === "welcome.claim" ? "welcome.step_3_claim" : "welcome.step_3";
  return {
    element: h("section", { class: "card" },
      h("div", { class: "face", "aria-hidden": "true" }, initials(agent)),
      title(join?.customer_name ? t("welcome.title_name", { name: join.customer_name }) : t("welcome.title")),
      h("p", { class: "lead" }, t(why, { agent, desk: join?.desk_name ?? "" })),
      h("h2", {}, t("welcome.what_happens")),
      h("ol", { class: "steps" }, ...["welcome.step_1", "welcome.step_2", last].map((key) => h("li", {}, t(key, { agent })))),
      h("p", { class: "quiet" }, t("welcome.needs")),
      button(t("welcome.start"), () => app.dispatch({ type: "begun" }), { name: "start" })),
  };
}

/** @param {string} name */
export function initials(name) {
  const words = name.trim().split(/\s+/).filter(Boolean);
  return [words[0], words.length > 1 ? words[words.length - 1] : ""].map((word) => [...(word ?? "")][0] ?? "").join("").toUpperCase();
}

/** @param {App} app @returns {View} */
export function consent(app) {
  const agent = agentName(app);
  const scopes = app.model.join?.consent_text.scopes ?? [];
  const version = app.model.join?.consent_text.version ?? "";
  const problem = h("p", { class: "problem", role: "alert" });
  /** @type {Map<ConsentScope, HTMLInputElement>} */
  const boxes = new Map();
  const cards = scopes.map((scope) => {
    const box = h("input", {
      type: "checkbox", id: `scope-${scope}`, name: scope, "aria-describedby": `about-${scope}`, checked: app.drafts.scopes.has(scope),
      onchange: () => app.drafts.scopes[box.checked ? "add" : "delete"](scope),
    });
    boxes.set(scope, box);
    return h("div", { class: "choice" }, box,
      h("label", { for: `scope-${scope}` }, t(`consent.${scope}.title`)),
      h("p", { id: `about-${scope}` }, t(`consent.${scope}.text`, { agent })));
  });
  const chosen = () => scopes.filter((scope) => boxes.get(scope)?.checked);
  const all = button(t("consent.all"), () => {
    scopes.forEach((scope) => app.drafts.scopes.add(scope));
    boxes.forEach((box) => { box.checked = true; });
    void app.giveConsent(scopes);
  }, { name: "consent-all" });
  const some = button(t("consent.chosen"), () => void app.giveConsent(chosen()), { kind: "second", name: "consent-chosen" });
  return {
    element: h("section", { class: "card" }, title(t("consent.title"), "consent-title"), h("p", { class: "lead" }, t("consent.lead")),
      h("div", { role: "group", "aria-labelledby": "consent-title", class: "choices" }, ...cards),
      h("p", { class: "quiet" }, t("consent.browser_asks")), problem,
      h("div", { class: "actions" }, all, some, button(t("page.back"), () => app.dispatch({ type: "back" }), { kind: "quiet", name: "back" })),
      h("p", { class: "small" }, t("consent.version", { version }))),
    update: () => {
      all.disabled = some.disabled = app.isBusy;
      problem.textContent = app.problem ? t(app.problem) : app.isBusy ? t("consent.busy") : "";
    },
  };
}

/** @param {App} app @returns {View} */
export function check(app) {
  const heading = title("");
  const body = h("div", { class: "check-body" });
  // Made once: the picture above it may be drawn anew between a press and its release, and the press would be lost with the button.
  const ready = button(t("check.ready"), () => app.dispatch({ type: "checked" }), { name: "ready" });
  const quick = quickCheck(app);
  let drawn = "";
  let stopLevel = () => {};
  const draw = () => {
    const wants = app.wants();
    const { videoState, audioState, video, audio, cameraCount } = app.camera;
    const now = JSON.stringify([wants, videoState, audioState, video?.id, audio?.id, cameraCount, app.isExplained, language()]);
    if (now === drawn) {
      return;
    }
    drawn = now;
    const key = wants.video && wants.audio ? "check.title" : wants.video ? "check.title_video" : wants.audio ? "check.title_audio" : "check.title_none";
    heading.textContent = t(key);
    stopLevel();
    const had = body.contains(document.activeElement);
    const content = checkContent(app, wants, ready, (stop) => { stopLevel = stop; });
    body.replaceChildren(...content.filter((part) => part !== ready));
    ready.textContent = t("check.ready");
    ready.hidden = !content.includes(ready);
    if (had) {
      body.querySelector("button")?.focus();
    }
  };
  return {
    element: h("section", { class: "card" }, heading, body, quick.element, ready),
    update: () => {
      draw();
      quick.update();
    },
    close: () => {
      stopLevel();
      quick.close();
    },
  };
}

/**
 * @param {App} app
 * @param {{video: boolean, audio: boolean}} wants
 * @param {HTMLElement} ready
 * @param {(stop: () => void) => void} onLevel
 * @returns {HTMLElement[]}
 */
function checkContent(app, wants, ready, onLevel) {
  const { camera } = app;
  const agent = agentName(app);
  const states = [wants.video ? camera.videoState : null, wants.audio ? camera.audioState : null];
  const photos = button(t("check.photos"), () => app.dispatch({ type: "photos_wanted" }), { kind: "second", name: "photos" });
  const change = button(t("check.change_consent"), () => app.dispatch({ type: "consent_wanted" }), { kind: "quiet", name: "change-consent" });
  if (!wants.video && !wants.audio) {
    return [h("p", { class: "lead" }, t("check.none", { agent })), change, ready];
  }
  if (states.includes("off")) {
    return [h("p", { class: "lead" }, t("check.explain")), button(t("check.turn_on"), () => void app.openCamera(), { name: "turn-on" }), photos];
  }
  if (states.includes("asking")) {
    return [h("div", { class: "asking" }, h("span", { class: "spinner", "aria-hidden": "true" }), h("p", { class: "lead" }, t("check.asking")))];
  }
  const problem = states.find((state) => state === "blocked" || state === "insecure") ?? (wants.video && camera.videoState !== "on" ? camera.videoState : null);
  if (problem || (camera.audioState !== "on" && !wants.video)) {
    return checkTrouble(app, problem ?? camera.audioState, wants, [photos, change]);
  }
  const parts = [];
  if (camera.video) {
    parts.push(h("div", { class: "stage" }, videoOf(app, t("check.picture"))), h("p", { class: "quiet" }, t("check.see", { agent })));
    if (camera.cameraCount > 1) {
      parts.push(h("button", { type: "button", class: "button quiet with-icon", onclick: () => void camera.turn() }, icon("turn"), t("check.turn")));
    }
  } else {
    parts.push(note("plain", h("p", {}, t("check.video_refused"))));
  }
  if (camera.audio) {
    parts.push(levelMeter(camera.audio, onLevel));
  } else {
    parts.push(note("plain", h("p", {}, t(wants.audio ? "check.no_audio" : "check.audio_refused"))));
  }
  return [...parts, ready];
}

/**
 * @param {App} app
 * @param {string} state
 * @param {{video: boolean, audio: boolean}} wants
 * @param {HTMLElement[]} others
 */
function checkTrouble(app, state, wants, others) {
  const again = button(t("check.again"), () => void app.openCamera(), { name: "again" });
  const on = button(t("check.sound_only"), () => void app.goOnWithoutCamera(), { kind: "second", name: "sound-only" });
  const key = state === "missing" && !wants.video ? "check.missing_audio" : `check.${state}`;
  /** @type {HTMLElement[]} */
  const words = [h("h2", {}, t(key))];
  if (state === "blocked") {
    const kind = browserKind(navigator.userAgent, navigator.maxTouchPoints);
    const steps = [1, 2, 3].map((step) => `blocked.${kind}.${step}`).filter(has);
    words.push(h("p", {}, t("check.blocked_how")), h("ol", { class: "steps" }, ...steps.map((step) => h("li", {}, t(step)))));
  } else {
    words.push(h("p", {}, t(`${key}_next`)));
  }
  return [h("div", { class: "trouble-box", role: "alert" }, ...words), again, ...(wants.video ? [on] : []), ...others];
}

/**
 * The one element that shows the own camera; it moves from screen to screen, so that a change of screen or language shows no gap.
 * @param {App} app @param {string} name
 */
export function videoOf(app, name) {
  const video = app.ownVideo;
  video.className = app.isMirrored() ? "mirrored" : "";
  video.setAttribute("aria-label", name);
  if (video.srcObject !== app.camera.stream) {
    video.srcObject = app.camera.stream;
  }
  queueMicrotask(() => void video.play().catch(() => undefined)); // taken out of the page, a video pauses
  return video;
}

/** A video element that plays in the page and not over it. @param {boolean} isMuted */
export function player(isMuted) {
  const video = h("video", { playsinline: true, autoplay: true, muted: isMuted });
  video.muted = isMuted;
  return video;
}

/** @param {MediaStreamTrack} track @param {(stop: () => void) => void} onLevel */
function levelMeter(track, onLevel) {
  const bar = h("div", { class: "level-bar" });
  const meter = h("div", { class: "level", role: "meter", "aria-label": t("check.level"), "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": 0 }, bar);
  const words = h("p", { class: "quiet", role: "status" }, t("check.say"));
  let isHeard = false;
  onLevel(watchLevel(track, (level) => {
    bar.style.transform = `scaleX(${level.toFixed(2)})`;
    meter.setAttribute("aria-valuenow", String(Math.round(level * 100)));
    if (level > 0.55 && !isHeard) {
      isHeard = true;
      words.textContent = t("check.heard");
    }
  }));
  return h("div", { class: "level-box" }, h("div", { class: "level-line" }, icon("mic"), meter), words);
}

/** @param {App} app @returns {View} */
export function waiting(app) {
  const kind = app.model.join?.case_kind ?? "free";
  const tip = kind === "styling" ? "waiting.tip_styling" : kind === "free" ? "waiting.tip" : "waiting.tip_claim";
  const since = h("p", { class: "quiet" });
  const lead = h("p", { class: "lead" });
  const stage = h("div", { class: "stage small-stage" });
  const quick = quickCheck(app);
  let shown = "";
  return {
    element: h("section", { class: "card centred" },
      h("div", { class: "pulse", "aria-hidden": "true" }, h("div", { class: "face" }, initials(agentName(app)))),
      title(t("waiting.title", { agent: agentName(app) })), lead, since, stage, quick.element,
      note("plain", h("p", {}, t(tip)), tip === "waiting.tip_claim" ? h("p", { class: "marker-offer" }, `${t("waiting.marker")} `,
        h("a", { href: `/api/v1/marker.pdf?language=${language()}`, download: "", "data-name": "marker" }, t("waiting.marker_link"))) : null),
      button(t("waiting.leave"), () => app.leave(), { kind: "second", name: "leave" }),
      app.model.join?.consents?.includes("stills")
        ? button(t("check.photos"), () => app.dispatch({ type: "photos_wanted" }), { kind: "quiet", name: "photos" }) : null),
    close: quick.close,
    update: () => {
      quick.update();
      const { call, channel } = app.model;
      const isIn = call?.state === "waiting" && channel === "open";
      lead.textContent = isIn ? t("waiting.lead", { agent: agentName(app) }) : t(channel === "lost" ? "call.reconnecting_next" : "waiting.entering");
      since.textContent = isIn ? t("waiting.since", { time: clockTime(call.waiting_since) }) : "";
      const id = app.camera.video?.id ?? "";
      stage.hidden = !id;
      if (id !== shown) {
        shown = id;
        stage.replaceChildren(...(id ? [videoOf(app, t("check.picture"))] : []));
      }
    },
  };
}

/** @param {App} app @returns {View} */
export function thanks(app) {
  const { ending } = app.model;
  const actions = ending === "left" ? "thanks.enter" : ending === "lost" ? "thanks.back" : ending === "photos" ? "thanks.talk" : null;
  const key = ending === "over" ? "thanks.title" : `thanks.${ending}_title`;
  const lead = h("p", { class: "lead" });
  const copy = ending === "over" ? copyOffer(app) : null;
  return {
    element: h("section", { class: "card centred" }, h("div", { class: "done-mark", "aria-hidden": "true" }, icon(ending === "lost" ? "refresh" : "check")),
      title(t(key)), lead, h("p", { class: "quiet" }, t("thanks.off")), copy?.element,
      actions ? button(t(actions), () => app.again(), { name: "again", kind: ending === "photos" ? "second" : "primary" }) : null),
    update: () => {
      const { stills } = app;
      stills.isLate ||= stills.isBusy;
      lead.textContent = t(stills.isBusy ? "thanks.sending" : ending !== "over" ? `thanks.${ending}` : stills.isLate && !stills.refusals ? "thanks.sent" : "thanks.over");
    },
    close: () => copy?.close(),
  };
}

/** @param {App} app @returns {View} */
export function trouble(app) {
  const { trouble: kind, retryAfterS } = app.model;
  const minutes = Math.max(1, Math.ceil(retryAfterS / 60));
  const canRetry = ["offline", "replaced", "bug", "version", "locked"].includes(kind);
  const canCode = ["unknown", "session", "revoked", "expired"].includes(kind);
  return {
    element: h("section", { class: "card centred" }, h("div", { class: "trouble-mark", "aria-hidden": "true" }, icon("alert")),
      title(t(`trouble.${kind}.title`)), h("p", { class: "lead" }, t(`trouble.${kind}.next`, { minutes })),
      canRetry ? button(t(kind === "replaced" ? "trouble.here" : "trouble.again"), () => app.again(), { name: "again" }) : null,
      canCode ? button(t("trouble.code"), () => app.dispatch({ type: "code_wanted" }), { kind: canRetry ? "second" : "primary", name: "enter-code" }) : null),
  };
}
