// What the customer sees of the stills: that one is taken, how far its sending is, and the button for the phone's own camera.

import { announce, byId, h, icon } from "./dom.js";
import { agentName, button } from "./screens_view.js";
import { t } from "./texts.js";

/** @typedef {import("./app.js").App} App */

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

/** The strip under the desk's name, on every screen but the call, which has its own notices. @param {App} app */
export function drawSending(app) {
  const { stills } = app;
  const strip = byId("sending");
  const had = strip.dataset["count"] ?? "0";
  const count = String(stills.unsent.length);
  if (had !== count) {
    strip.dataset["count"] = count;
    if (had === "0") {
      announce(t("still.begun"));
    } else if (count === "0") {
      announce(t(stills.hasRefused ? "still.refused" : "still.sent"), stills.hasRefused ? "urgent" : "polite");
      app.note(stills.hasRefused ? "alert" : "check", stills.hasRefused ? "still.refused" : "still.sent", {}, false);
    }
  }
  const isShown = count !== "0" || stills.hasRefused;
  strip.hidden = !isShown;
  if (!isShown) {
    return;
  }
  const text = count !== "0" ? `${sendingText(app)}. ${t("still.stay")}` : t("still.refused");
  const [words, bar] = [strip.querySelector("p"), strip.querySelector("progress")];
  if (!words || !bar) {
    strip.replaceChildren(icon("still"), h("div", {}, h("p", {}, text), h("progress", { max: 100, value: 0, "aria-label": t("still.progress") })));
    return;
  }
  words.textContent = text;
  bar.hidden = count === "0";
  bar.value = Math.floor(stills.progress * 100);
  bar.setAttribute("aria-label", t("still.progress"));
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
