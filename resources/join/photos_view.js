// Choosing and sending photos: as a screen of its own and as a panel in the call.

import { announce, h, icon } from "./dom.js";
import { agentName, button } from "./screens_view.js";
import { t } from "./texts.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./upload.js").Photo} Photo */

/** @type {Record<string, string>} */
const WORDS = {
  "photo.too_large": "photos.too_large",
  "upload.too_large": "photos.too_large",
  "picture.too_many_pixels": "photos.too_large",
  "picture.too_large": "photos.too_large",
  "picture.unknown_type": "photos.not_a_photo",
  "picture.unreadable": "photos.not_a_photo",
  "picture.broken": "photos.not_a_photo",
  "photos.too_many": "photos.too_many",
  "consent.missing": "photos.no_consent",
};

/** @param {Photo} photo */
function wordsOf(photo) {
  switch (photo.state) {
    case "sending":
      return t("photos.sending", { percent: Math.round(photo.progress * 100) });
    case "sent":
    case "waiting":
    case "failed":
      return t(`photos.${photo.state}`);
    default:
      return t(WORDS[photo.code] ?? "photos.refused");
  }
}

/**
 * The chooser and the list.
 * @param {App} app
 * @returns {{element: HTMLElement, update: () => void}}
 */
export function photoSender(app) {
  const input = h("input", {
    type: "file", id: "photo-input", class: "unseen", accept: "image/jpeg,image/png,image/webp", multiple: true,
    onchange: () => {
      app.uploads.add([...(input.files ?? [])]);
      input.value = "";
    },
  });
  const chooser = h("label", { for: "photo-input", class: "button primary with-icon choose" }, icon("still"), t("photos.choose"));
  const list = h("ul", { class: "photo-list", "aria-label": t("photos.list") });
  /** @type {Map<string, {row: HTMLElement, bar: HTMLProgressElement, words: HTMLElement, again: HTMLButtonElement, state: string}>} */
  const rows = new Map();
  /** @param {Photo} photo */
  const rowOf = (photo) => {
    const bar = h("progress", { max: 100, value: 0, "aria-label": t("photos.progress", { name: photo.name }) });
    const words = h("p", { class: "small" });
    const again = h("button", { type: "button", class: "button second", "aria-label": t("photos.again_name", { name: photo.name }), onclick: () => app.uploads.again(photo.id) },
      t("photos.again"));
    const picture = h("canvas", { width: 56, height: 56, "aria-hidden": "true" });
    void drawSmall(picture, photo.file);
    const made = { row: h("li", {}, picture, h("div", { class: "photo-words" }, h("p", { class: "photo-name" }, photo.name), bar, words), again), bar, words, again, state: "" };
    rows.set(photo.id, made);
    list.append(made.row);
    return made;
  };
  const update = () => {
    for (const photo of app.uploads.photos) {
      const made = rows.get(photo.id) ?? rowOf(photo);
      made.bar.value = photo.state === "sent" ? 100 : photo.progress * 100;
      made.bar.hidden = photo.state !== "sending";
      made.words.textContent = wordsOf(photo);
      made.row.className = photo.state;
      made.again.hidden = photo.state !== "failed";
      if (made.state !== photo.state) {
        if (made.state && ["sent", "failed", "refused"].includes(photo.state)) {
          announce(photo.state === "sent" ? t("photos.sent_one") : wordsOf(photo), photo.state === "sent" ? "polite" : "urgent");
        }
        made.state = photo.state;
      }
    }
    list.hidden = app.uploads.photos.length === 0;
  };
  return { element: h("div", { class: "photo-sender" }, input, chooser, list), update };
}

/**
 * A small picture of the file; the row stays without one where the browser cannot read it.
 * @param {HTMLCanvasElement} canvas @param {File} file
 */
async function drawSmall(canvas, file) {
  try {
    const picture = await createImageBitmap(file, { resizeWidth: 112, resizeQuality: "low" });
    const side = Math.min(picture.width, picture.height);
    canvas.getContext("2d")?.drawImage(picture, (picture.width - side) / 2, (picture.height - side) / 2, side, side, 0, 0, 56, 56);
    picture.close();
  } catch {
    // the service says whether it is a photo
  }
}

/** @param {App} app @returns {import("./screens_view.js").View} */
export function photos(app) {
  const isAllowed = app.model.join?.consents?.includes("stills") ?? false;
  const sender = isAllowed ? photoSender(app) : null;
  const done = button(t("photos.done"), () => app.dispatch({ type: "photos_done" }), { kind: "second", name: "photos-done" });
  return {
    element: h("section", { class: "card" }, h("h1", { tabindex: "-1" }, t("photos.title")),
      h("p", { class: "lead" }, isAllowed ? t("photos.lead", { number: app.model.join?.case_number ?? "", agent: agentName(app) }) : t("photos.no_consent")),
      sender?.element, isAllowed ? null : button(t("check.change_consent"), () => app.dispatch({ type: "consent_wanted" }), { name: "change-consent" }),
      h("div", { class: "actions" }, isAllowed ? done : null, button(t("page.back"), () => app.dispatch({ type: "back" }), { kind: "quiet", name: "back" }))),
    update: () => {
      sender?.update();
      done.hidden = !app.uploads.photos.some((photo) => photo.state === "sent");
    },
  };
}
