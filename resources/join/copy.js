// The customer's copy at /copy#TOKEN: the pictures of a call, each to keep as its sealed file, and all of them in one ZIP.

import { info, openCopy } from "./api.js";
import { announce, byId, h, icon } from "./dom.js";
import { recall, remember } from "./memory.js";
import { LANGUAGES, firstLanguage, language, t, useLanguage } from "./texts.js";

/** @typedef {import("./types").CopyOpened} CopyOpened */
/** @typedef {import("./types").CopyPicture} CopyPicture */
/** @typedef {"loading" | "copy" | "empty" | "unknown" | "expired" | "revoked" | "erased" | "locked" | "offline" | "bug"} Screen */

/** @type {Record<string, Screen>} */
const TROUBLES = {
  "copy.unknown": "unknown", "request.invalid": "unknown", "copy.expired": "expired", "copy.revoked": "revoked", "case.erased": "erased",
  "rate.limited": "locked", "service.offline": "offline", "service.slow": "offline", "storage.locked": "offline",
};
const LOCALES = { nl: "nl-NL", en: "en-GB" };

class Page {
  constructor() {
    /** @type {Screen} */
    this.screen = "loading";
    /** @type {CopyOpened | null} */
    this.copy = null;
    this.desk = "";
    this.phone = "";
  }

  async start() {
    await useLanguage(firstLanguage(recall("local", "language"), navigator.languages ?? []));
    addEventListener("hashchange", () => void this.load());
    await this.load();
  }

  async load() {
    this.show("loading");
    const token = location.hash.slice(1);
    if (!token) {
      await this.fail("copy.unknown");
      return;
    }
    const answer = await openCopy(token);
    if (!answer.ok) {
      await this.fail(answer.refusal.status === 422 ? "copy.unknown" : answer.refusal.code);
      return;
    }
    this.copy = answer.value;
    this.desk = answer.value.desk_name;
    this.phone = answer.value.phone_number;
    if (!recall("local", "language")) {
      await useLanguage(answer.value.language);
    }
    this.show(answer.value.pictures.length > 0 ? "copy" : "empty");
  }

  /** @param {string} code */
  async fail(code) {
    const known = await info();
    if (known.ok) {
      this.desk = known.value.desk_name;
      this.phone = known.value.phone_number;
    }
    this.show(TROUBLES[code] ?? "bug");
  }

  /** @param {Screen} screen */
  show(screen) {
    this.screen = screen;
    document.body.dataset["screen"] = screen;
    this.draw();
    if (screen !== "loading") {
      const heading = /** @type {HTMLElement | null} */ (document.querySelector("#screen h1"));
      heading?.focus();
      announce(heading?.textContent ?? "");
    }
  }

  draw() {
    const title = this.screen === "copy" ? t("copy.title") : t(this.screen === "loading" ? "copy.loading" : `copy.${this.screen}_title`);
    document.title = this.desk ? t("page.title_of", { screen: title, desk: this.desk }) : title;
    const other = LANGUAGES.find((one) => one !== language()) ?? "nl";
    byId("bar").replaceChildren(
      h("span", { class: "desk" }, this.desk),
      h("button", { type: "button", class: "language", lang: other, "data-name": "language", onclick: () => void this.speak(other) }, t("page.other_language")));
    byId("help").replaceChildren(...(this.phone ? [this.callUs()] : []));
    byId("screen").replaceChildren(this.screen === "loading" ? loading(title) : this.screen === "copy" && this.copy ? pictures(this.copy, title) : this.trouble(title));
  }

  callUs() {
    const [before, after] = t("page.call_us").split("{phone}");
    return h("p", {}, before, h("a", { href: `tel:${this.phone.replace(/[^+\d]/g, "")}` }, this.phone), after);
  }

  /** @param {string} title */
  trouble(title) {
    const canRetry = ["offline", "bug", "empty", "locked"].includes(this.screen);
    return h("section", { class: "card centred" },
      h("div", { class: "trouble-mark", "aria-hidden": "true" }, icon(this.screen === "empty" ? "photo" : "alert")),
      h("h1", { tabindex: "-1" }, title), h("p", { class: "lead" }, t(`copy.${this.screen}_next`)),
      canRetry ? h("button", { type: "button", class: "button primary", "data-name": "again", onclick: () => void this.load() }, t("trouble.again")) : null);
  }

  /** @param {import("./types").Language} wanted */
  async speak(wanted) {
    await useLanguage(wanted);
    remember("local", "language", wanted);
    this.draw();
    /** @type {HTMLElement | null} */ (byId("bar").querySelector("button"))?.focus();
  }
}

/** @param {string} title */
function loading(title) {
  return h("section", { class: "card centred" }, h("span", { class: "spinner", "aria-hidden": "true" }), h("h1", { tabindex: "-1" }, title));
}

/**
 * @param {CopyOpened} copy
 * @param {string} title
 */
function pictures(copy, title) {
  const n = copy.pictures.length;
  const about = { n, agent: copy.agent_name || copy.desk_name, day: copy.taken_on ? dayOf(copy.taken_on) : "", number: copy.case_number };
  const key = n === 1 ? "copy.lead_one" : "copy.lead";
  return h("section", { class: "card" },
    h("div", { class: "copy-head" }, h("h1", { tabindex: "-1" }, title),
      h("p", { class: "lead" }, t(copy.taken_on ? key : `${key}_no_day`, about)), h("p", { class: "quiet" }, t("page.case", about))),
    copy.archive ? h("div", { class: "get-all" },
      h("a", { class: "button primary", href: copy.archive, download: copy.archive_name, "data-name": "all" }, icon("save"), t("copy.all")),
      h("p", { class: "small" }, t("copy.all_what"))) : null,
    h("ul", { class: "shots" }, ...copy.pictures.map((one, place) => shot(one, place + 1))),
    copy.pictures.some((one) => one.is_sealed) && h("section", { class: "about", "aria-labelledby": "about-title" }, h("h2", { id: "about-title" }, t("copy.real_title")),
      h("p", {}, t("copy.real_text")),
      h("ol", { class: "steps" }, ...["copy.real_1", "copy.real_2", "copy.real_3"].map((step) => h("li", {}, h("span", {}, t(step))))),
      copy.root_fingerprint ? h("p", { class: "small" }, t("copy.fingerprint", { desk: copy.desk_name })) : null,
      copy.root_fingerprint ? h("p", { class: "fingerprint" }, grouped(copy.root_fingerprint)) : null),
    h("p", { class: "small" }, t("copy.until", { day: dayOf(copy.expires_at) })));
}

/**
 * @param {CopyPicture} one
 * @param {number} place
 */
function shot(one, place) {
  const isClip = one.duration_s !== null;
  const name = one.title[language()] ?? t(isClip ? "copy.clip" : "copy.photo", { n: place });
  const when = `${dayOf(one.captured_at)}, ${new Date(one.captured_at).toLocaleTimeString(LOCALES[language()], { hour: "2-digit", minute: "2-digit" })}`;
  return h("li", { class: "shot" },
    h("div", { class: "shot-picture" },
      h("img", { src: one.preview, alt: t(isClip ? "copy.clip_of" : "copy.photo_of", { n: place, name }), loading: "lazy", decoding: "async", width: 320, height: 240 }),
      one.is_redacted ? h("span", { class: "shot-mark" }, t("copy.redacted")) : isClip ? h("span", { class: "shot-mark" }, t("copy.clip_mark")) : null),
    h("div", { class: "shot-words" }, h("h2", {}, name), h("p", { class: "small" }, when),
      one.is_redacted ? h("p", { class: "small" }, t("copy.redacted_why")) : null,
      one.is_sealed || one.is_redacted ? null : h("p", { class: "small" }, t("copy.not_sealed"))),
    h("a", { class: "button second", href: one.file, download: one.file_name, "aria-label": t("copy.save_name", { n: place, name }) },
      t("copy.save", { size: sizeOf(one.size_bytes) })));
}

/** @param {string} at */
function dayOf(at) {
  return new Date(at).toLocaleDateString(LOCALES[language()], { day: "numeric", month: "long", year: "numeric" });
}

/** @param {number} bytes */
function sizeOf(bytes) {
  const megabytes = bytes / 1_000_000;
  return megabytes >= 0.95
    ? `${megabytes.toLocaleString(LOCALES[language()], { maximumFractionDigits: megabytes < 10 ? 1 : 0 })} MB`
    : `${Math.max(1, Math.round(bytes / 1000))} kB`;
}

/** A fingerprint that can be read aloud: in groups of four. @param {string} digits */
function grouped(digits) {
  return digits.replace(/(.{4})(?=.)/g, "$1 ");
}

void new Page().start();
