// What the page shows: first the verdict in plain words, then what to compare, then each file.
import { h, icon } from "./dom.js";
import { language, t, when, has } from "./texts.js";
import { isGood, worst } from "./verdict.js";

/** @typedef {import("./verdict.js").Checked} Checked */
/**
 * One file as it is shown. `checked` is null while it is being checked.
 * @typedef {{ name: string, title: string, kind: "picture" | "part", preview: string, checked: Checked | null }} Item
 * What the index says of the package. @typedef {{ number: string, desk: string } | null} About
 */

/** @type {Record<import("./verdict.js").Verdict, import("./dom.js").IconName>} */
const SIGNS = { genuine: "good", "genuine-rendition": "rendition", altered: "bad", "foreign-seal": "foreign", "no-seal": "none", incomplete: "foreign", uncheckable: "unsure" };

/** The fingerprint in groups that two people can read to each other. @param {string} fingerprint */
export function grouped(fingerprint) {
  const groups = fingerprint.toUpperCase().match(/.{1,4}/gu) ?? [];
  return h("span", { class: "code", translate: "no" }, ...groups.map((one) => h("span", {}, one)));
}

/** @param {Item[]} items @param {Checked | null} whole @param {boolean} isBusy */
export function banner(items, whole, isBusy) {
  const done = items.filter((one) => one.checked);
  if (isBusy) {
    return h("div", { class: "banner busy", "data-verdict": "busy" }, icon("busy"), h("div", {}, h("h1", {}, t("page.busy")), h("p", {}, items.length ? t("page.busy_count", { n: items.length }) : t("page.busy_lead"))));
  }
  const verdicts = done.map((one) => /** @type {Checked} */ (one.checked).verdict);
  const verdict = whole?.verdict ?? worst(verdicts);
  const pictures = items.filter((one) => one.kind === "picture");
  const bad = pictures.filter((one) => one.checked && !isGood(one.checked.verdict)).length;
  const renditions = pictures.filter((one) => one.checked?.verdict === "genuine-rendition").length;
  const name = verdict === "genuine" && renditions > 0 && !whole ? "mixed" : verdict;
  const counts = { n: pictures.length, bad, good: pictures.length - bad };
  const key = whole ? `page.package.${name}` : `page.all.${name}`;
  return h(
    "div",
    { class: `banner ${verdict}`, "data-verdict": verdict },
    icon(SIGNS[verdict]),
    h("div", {}, h("h1", {}, t(has(key) ? key : `page.all.${name}`, counts)), h("p", {}, sentence(verdict, counts, Boolean(whole))), h("p", { class: "moment" }, t("page.checked_at", { at: when(new Date().toISOString()) }))),
  );
}

/** @param {import("./verdict.js").Verdict} verdict @param {{n: number, bad: number, good: number}} counts @param {boolean} isPackage */
function sentence(verdict, counts, isPackage) {
  if (isGood(verdict)) {
    return t(isPackage ? "page.sub.package" : "page.sub.good", counts);
  }
  if (counts.n <= 1) {
    return t(`verdict.${verdict}.lead`);
  }
  return t(counts.bad ? "page.sub.some" : "page.sub.parts", counts);
}

/** @param {import("./verdict.js").Reason} reason */
function why([code, params]) {
  const words = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, name === "at" ? when(value) : value]));
  return h("li", {}, t(`reason.${code}`, words));
}

/** Everything in a package that is no picture and in order: one line, and the list behind it. @param {Item[]} items */
export function parts(items) {
  const notes = items.flatMap((one) => one.checked?.reasons ?? []);
  return h(
    "li",
    { class: "card parts genuine" },
    h("h3", { class: "verdict" }, icon("good"), h("span", {}, t("page.parts", { n: items.length }))),
    h(
      "div",
      { class: "told" },
      h("p", { class: "name" }, t("page.parts_lead")),
      notes.length > 0 && h("ul", { class: "why" }, ...notes.map(why)),
      h("details", {}, h("summary", {}, t("page.parts_list")), h("ul", { class: "list" }, ...items.map((one) => h("li", { class: "mono", "data-file": one.name, "data-verdict": one.checked?.verdict ?? "", "data-reasons": (one.checked?.reasons ?? []).map(([code]) => code).join(" ") }, one.name)))),
    ),
  );
}

/** @param {string} key @param {string} value */
function row(key, value) {
  return [h("dt", {}, t(`page.fact.${key}`)), h("dd", key.endsWith("digest") || key.endsWith("id") ? { class: "mono" } : {}, value)];
}

const SHOWN = ["captured_at", "method", "made_at"];
const MORE = ["sealed_by", "digest", "original_id", "snapshot_id", "case_id", "call_id", "codec", "consent_digest", "content_digest", "rtp_time"];

/** @param {string} key @param {string} value */
function fact(key, value) {
  if (key.endsWith("_at")) {
    return when(value);
  }
  return key === "method" && has(`page.method.${value}`) ? t(`page.method.${value}`) : value;
}

/** @param {Checked} checked @param {string[]} keys */
function facts(checked, keys) {
  return keys.filter((key) => checked.facts[key]).flatMap((key) => row(key, fact(key, checked.facts[key] ?? "")));
}

/** @param {Checked} checked @param {boolean} isProven */
const claimed = (checked, isProven) => !isProven && Boolean(checked.facts["captured_at"] || checked.facts["made_at"]) && h("p", { class: "name" }, t("page.claimed"));

/** @param {Item} item @param {boolean} isOpen */
export function card(item, isOpen) {
  const { checked } = item;
  const verdict = checked?.verdict;
  const words = verdict ? t(`verdict.${verdict}`) : t("page.checking");
  const picture = item.preview
    ? h("div", { class: "look" }, h("img", { src: item.preview, alt: t("page.preview", { name: item.title }), decoding: "async" }))
    : h("div", { class: "look nothing" }, t("page.no_preview"));
  // What a seal that is not good says is nobody's word: it stands with the technical details, as a claim.
  const isProven = checked !== null && isGood(checked.verdict);
  const rows = checked && isProven ? facts(checked, SHOWN) : [];
  return h(
    "li",
    { class: `card ${verdict ?? "busy"}`, "data-file": item.name, "data-verdict": verdict ?? "", "data-reasons": (checked?.reasons ?? []).map(([code]) => code).join(" ") },
    h("h3", { class: "verdict" }, icon(verdict ? SIGNS[verdict] : "busy"), h("span", {}, words)),
    item.kind === "picture" && picture,
    h(
      "div",
      { class: "told" },
      h("p", { class: "name", translate: "no" }, item.title),
      checked && checked.reasons.length > 0 && h("ul", { class: "why" }, ...checked.reasons.map(why)),
      rows.length > 0 && h("dl", {}, ...rows),
      checked && h("details", isOpen ? { open: true } : {}, h("summary", {}, t("page.details")), claimed(checked, isProven), h("dl", {}, ...row("file", item.name), ...facts(checked, isProven ? MORE : [...SHOWN, ...MORE]))),
    ),
  );
}

/** What somebody typed beside the pinned code. @param {{ fingerprint: string } | null} pin @param {string} typed @returns {"" | "same" | "begun" | "other"} */
export function compared(pin, typed) {
  const digits = typed.toLowerCase().replaceAll(/[^0-9a-f]/gu, "");
  if (!digits || !pin) {
    return "";
  }
  if (digits === pin.fingerprint) {
    return "same";
  }
  return pin.fingerprint.startsWith(digits) ? "begun" : "other";
}

/** @param {{ pem: string, fingerprint: string } | null} pin @param {string} typed @param {(value: string) => void} onTyped */
export function pinned(pin, typed, onTyped) {
  const input = h("input", { id: "typed", type: "text", autocomplete: "off", spellcheck: "false", autocapitalize: "off", value: typed, "aria-describedby": "matches" });
  const answer = h("p", { id: "matches", role: "status" });
  const compare = () => {
    const state = compared(pin, input.value);
    answer.className = state;
    answer.textContent = state ? t(`page.pin.${state}`) : "";
    onTyped(input.value);
  };
  input.addEventListener("input", compare);
  const part = h(
    "section",
    { class: "pin", "aria-labelledby": "pin-title" },
    h("div", { class: "words" }, h("h2", { id: "pin-title" }, t(pin ? "page.pin.title" : "page.pin.none")), h("p", {}, t(pin ? "page.pin.lead" : "page.pin.none_lead"))),
    pin && h("p", { class: "fingerprint", id: "fingerprint" }, grouped(pin.fingerprint)),
    pin && h("div", { class: "compare" }, h("label", { for: "typed" }, t("page.pin.compare")), input, answer),
  );
  if (typed) {
    compare();
  }
  return part;
}

/** The language the page is not in. */
export const otherLanguage = () => (language() === "nl" ? "en" : "nl");
