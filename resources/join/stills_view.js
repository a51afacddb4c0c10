// What the customer sees of the stills: that one is taken, how far its sending is, and the button for the phone's own camera.

import { announce, byId, h, icon } from "./dom.js";
import { agentName, button } from "./screens_view.js";
import { t } from "./texts.js";

/** @typedef {import("./app.js").App} App */

const SHORT_MS = 1_500;
/** What was said of the sending that goes on. */
const told = { timer: 0, isBegun: false, refusals: 0 };

/**
 * One line on the stills; empty when there is nothing to say.
 * @param {App} app
 */
export function sendingText(app) {
  const { stills } = app;
  const count = stills.unsent.length;
  if (!count) {
    return stills.next("taking") ? t("still.taking") : "";
  }
  if (stills.patience.isWaiting) {
    return t("still.waiting");
  }
  const percent = Math.min(99, Math.floor(stills.progress * 100));
  return count === 1 ? t("still.sending", { percent }) : t("still.sending_many", { n: count, percent });
}

/**
 * Say that the sending began and ended, where it takes long enough to matter: a fast line brings a still before its words are read.
 * @param {App} app
 */
function tell(app) {
  const { stills } = app;
  const count = stills.unsent.length;
  if (count && !told.timer) {
    told.timer = window.setTimeout(() => {
      if (stills.unsent.length) {
        told.isBegun = true;
        announce(t("still.begun"));
      }
    }, SHORT_MS);
  } else if (!count && told.timer) {
    clearTimeout(told.timer);
    const isRefused = stills.refusals > told.refusals;
    const isSaid = isRefused || told.isBegun;
    Object.assign(told, { timer: 0, isBegun: false, refusals: stills.refusals }); // first: what is said draws the page
    if (isSaid) {
      announce(t(isRefused ? "still.refused" : "still.sent"), isRefused ? "urgent" : "polite");
      app.note(isRefused ? "alert" : "check", isRefused ? "still.refused" : "still.sent", {}, false);
    }
  }
}

/** The strip under the desk's name, on every screen but the call, which has its own notices. @param {App} app */
export function drawSending(app) {
  const { stills } = app;
  tell(app);
  const strip = byId("sending");
  const count = stills.unsent.length;
  const state = count ? "sending" : stills.refusals ? "refused" : "";
  strip.hidden = !state;
  if (strip.dataset["state"] !== state) {
    strip.dataset["state"] = state;
    strip.replaceChildren(icon(state === "refused" ? "alert" : "still"), h("div", {}, h("p", {}), state === "sending" ? h("progress", { max: 100, value: 0 }) : null));
  }
  const [words, bar] = [strip.querySelector("p"), strip.querySelector("progress")];
  if (words) {
    words.textContent = count ? `${sendingText(app)}. ${t("still.stay")}` : t("still.refused");
  }
  if (bar) {
    bar.value = Math.floor(stills.progress * 100);
    bar.setAttribute("aria-label", t("still.progress"));
  }
}

/**
 * The agent asks for a picture of the phone's own camera app: only a press of the customer may open it.
 * @param {App} app
 */
export function nativeCard(app) {
  const input = h("input", {
    type: "file", id: "native-input", class: "unseen", accept: "image/*", capture: "environment", tabindex: "-1", "aria-hidden": "true",
    onchange: () => {
      const [file] = input.files ?? [];
      const entry = app.stills.offered;
      if (file && entry) {
        void app.stills.tookNative(entry, file);
      }
      input.value = "";
      void app.camera.comeBack();
    },
    oncancel: () => void app.camera.comeBack(),
  });
  const element = h("div", { class: "native", role: "group", "aria-labelledby": "native-title", hidden: true }, input,
    h("p", { id: "native-title" }, t("native.asked", { agent: agentName(app) })),
    button(t("native.take"), () => input.click(), { name: "native-take" }),
    button(t("native.decline"), () => app.stills.offered && app.stills.decline(app.stills.offered), { kind: "second", name: "native-decline" }));
  return { element, update: () => { element.hidden = !app.stills.offered; } };
}
