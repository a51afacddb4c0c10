// From what the C2PA reader found to a verdict. The same rules as sealing/verdicts.py; PACKAGE.md says them in words.

/** @typedef {import("./verdict.js").Checked} Checked */
/** @typedef {import("./verdict.js").Reason} Reason */

/** @param {string} name @param {import("./reader.js").Read} read @param {import("./check.js").Pin} pin @returns {Checked} */
export function conclude(name, read, pin) {
  /** @type {(verdict: import("./verdict.js").Verdict, code?: string, params?: Record<string, string>) => Checked} */
  const is = (verdict, code, params = {}) => ({ file: name, verdict, reasons: code ? [[code, params]] : [], facts: {} });
  if (!read.store) {
    return /JumbfNotFound|no JUMBF/iu.test(read.error) ? is("no-seal", "no_seal") : is("uncheckable", "unreadable");
  }
  const { store } = read;
  if (store.validation_state === "Invalid") {
    return is("altered", "seal_broken");
  }
  if (!pin) {
    return is("uncheckable", "no_pinned_root");
  }
  if (store.validation_state !== "Trusted") {
    return is("foreign-seal", "other_root");
  }
  return is("genuine");
}
