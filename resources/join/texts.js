// Every text of the page, in the chosen language: i18n/{nl,en}.json, flat, {name} is filled in.

/** @typedef {import("./types").Language} Language */

/** @type {Record<string, Record<string, string>>} */
const catalogues = {};
/** @type {Language} */
let current = "nl";

/** @type {readonly Language[]} */
export const LANGUAGES = ["nl", "en"];

/**
 * The language to begin with: chosen before, else the browser's, else Dutch.
 * @param {string | null} chosen
 * @param {readonly string[]} browser
 * @returns {Language}
 */
export function firstLanguage(chosen, browser) {
  for (const wanted of [chosen, ...browser]) {
    const found = LANGUAGES.find((one) => wanted?.toLowerCase().split("-")[0] === one);
    if (found) {
      return found;
    }
  }
  return "nl";
}

/**
 * Load a language and make it the page's.
 * @param {Language} wanted
 */
export async function useLanguage(wanted) {
  if (!catalogues[wanted]) {
    const response = await fetch(new URL(`./i18n/${wanted}.json`, import.meta.url));
    catalogues[wanted] = /** @type {Record<string, string>} */ (await response.json());
  }
  current = wanted;
  document.documentElement.lang = wanted;
}

/** @returns {Language} */
export function language() {
  return current;
}

/**
 * The text of a key. A key without a text shows itself: a test keeps that from happening.
 * @param {string} key
 * @param {Record<string, string | number>} [params]
 * @returns {string}
 */
export function t(key, params = {}) {
  const text = catalogues[current]?.[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in params ? String(params[name]) : whole));
}

/**
 * Whether there is a text for this key.
 * @param {string} key
 * @returns {boolean}
 */
export function has(key) {
  return Boolean(catalogues[current]?.[key]);
}

/**
 * A time of day as people read it here.
 * @param {string} at ISO 8601
 * @returns {string}
 */
export function clockTime(at) {
  return new Date(at).toLocaleTimeString(current === "nl" ? "nl-NL" : "en-GB", { hour: "2-digit", minute: "2-digit" });
}
