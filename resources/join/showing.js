// Puts a screen on the page, with what is around every screen: the desk's name, the other language, the telephone number.

import { call } from "./call_view.js";
import { byId, h } from "./dom.js";
import { photos } from "./photos_view.js";
import * as views from "./screens_view.js";
import { drawSending } from "./stills_view.js";
import { language, LANGUAGES, t } from "./texts.js";

/** @typedef {import("./app.js").App} App */

/** @type {Record<import("./screens.js").Screen, (app: App) => views.View>} */
const VIEWS = {
  loading: views.loading, code: views.code, welcome: views.welcome, consent: views.consent, check: views.check, waiting: views.waiting,
  call, photos, thanks: views.thanks, trouble: views.trouble,
};

/**
 * Build the model's screen.
 * @param {App} app
 * @param {boolean} isNew whether it is another screen (then its heading gets the focus) or the same one in another language
 */
export function show(app, isNew) {
  const { screen, join } = app.model;
  const isFirst = app.shown === null;
  app.shown = screen;
  app.view?.close?.();
  document.body.dataset["screen"] = screen;
  app.view = VIEWS[screen](app);
  byId("screen").replaceChildren(app.view.element);
  app.view.update?.();
  drawFrame(app);
  drawSending(app);
  const heading = byId("screen").querySelector("h1");
  document.title = t("page.title_of", { screen: heading?.textContent ?? t("page.title"), desk: join?.desk_name || app.deskName || t("page.title") });
  if (isNew && !isFirst) {
    window.scrollTo(0, 0);
    heading?.focus({ preventScroll: true });
  }
}

/** @param {App} app */
export function drawFrame(app) {
  const { join } = app.model;
  const other = LANGUAGES.find((one) => one !== language()) ?? "en";
  const phone = join?.phone_number || app.phoneNumber;
  byId("bar").replaceChildren(
    h("p", { class: "desk" }, join?.desk_name ?? app.deskName),
    h("button", { type: "button", class: "language", lang: other, "data-name": "language", onclick: () => void app.speak(other) }, t("page.other_language")));
  const [before, after] = t("page.call_us").split("{phone}");
  byId("help").replaceChildren(
    ...(phone ? [h("p", {}, before, h("a", { href: `tel:${phone.replace(/[^\d+]/g, "")}` }, phone), after)] : []),
    ...(join?.case_number ? [h("p", { class: "small" }, t("page.case", { number: join.case_number }))] : []));
}
