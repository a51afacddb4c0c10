// What may be concluded about one picture from its seal. The same rules as sealing/verdicts.py; PACKAGE.md says them in words.

/**
 * @typedef {"genuine" | "genuine-rendition" | "altered" | "foreign-seal" | "no-seal" | "incomplete" | "uncheckable"} Verdict
 * @typedef {[string, Record<string, string>]} Reason
 * @typedef {{ file: string, verdict: Verdict, reasons: Reason[], facts: Record<string, string> }} Checked
 */

/** From the worst on. @type {Verdict[]} */
export const ORDER = ["altered", "foreign-seal", "no-seal", "incomplete", "uncheckable", "genuine-rendition", "genuine"];

/** @param {Verdict} verdict */
export const isGood = (verdict) => verdict === "genuine" || verdict === "genuine-rendition";

/** The verdict on several files: the worst of the bad ones that any has; else genuine, or genuine-rendition when all are. @param {Verdict[]} verdicts @returns {Verdict} */
export function worst(verdicts) {
  const isAllRenditions = verdicts.length > 0 && verdicts.every((one) => one === "genuine-rendition");
  return ORDER.find((one) => !isGood(one) && verdicts.includes(one)) ?? (isAllRenditions ? "genuine-rendition" : "genuine");
}

const MAGIC = /** @type {[string, (b: Uint8Array) => boolean][]} */ ([
  ["image/jpeg", (b) => b[0] === 0xff && b[1] === 0xd8 && b[2] === 0xff],
  ["image/png", (b) => String.fromCharCode(...b.subarray(0, 8)) === "\x89PNG\r\n\x1a\n"],
  ["image/webp", (b) => String.fromCharCode(...b.subarray(0, 4)) === "RIFF" && String.fromCharCode(...b.subarray(8, 12)) === "WEBP"],
]);

/** What kind of picture these first bytes begin; empty when none. @param {Uint8Array} head */
export function pictureType(head) {
  return MAGIC.find(([, is]) => is(head))?.[0] ?? "";
}
