// The page's words in both languages, from the data the page was made with.

/** @typedef {"nl" | "en"} Language */

/** @type {Record<string, Record<string, string | {one: string, other: string}>>} */
let all = {};
/** @type {Language} */
let chosen = "nl";

/** @param {typeof all} texts @param {Language} language */
export function useTexts(texts, language) {
  all = texts;
  chosen = language;
}

/** @returns {Language} */
export const language = () => chosen;

/** @param {Language} other */
export function setLanguage(other) {
  chosen = other;
}

/** @param {string} key */
export const has = (key) => Object.hasOwn(all[chosen] ?? {}, key);

/** The words of a key, with its parameters put in. @param {string} key @param {Record<string, string | number>} [params] */
export function t(key, params = {}) {
  const found = has(key) ? all[chosen]?.[key] : undefined;
  const words = typeof found === "object" ? (Number(params["n"]) === 1 ? found.one : found.other) : found;
  return (words ?? key).replaceAll(/\{(\w+)\}/gu, (whole, name) => (Object.hasOwn(params, name) ? String(params[name]) : whole));
}

/** A moment in the reader's own time, with its zone. @param {string} moment RFC 3339 */
export function when(moment) {
  const date = new Date(moment);
  if (Number.isNaN(date.getTime())) {
    return moment;
  }
  return date.toLocaleString(chosen === "nl" ? "nl-NL" : "en-GB", { dateStyle: "medium", timeStyle: "long" });
}
