// What the quick check before the call found, in words. Pure.

/** @typedef {"ok" | "silent"} SoundFound */
/** @typedef {"ok" | "black"} PictureFound */
/** @typedef {"ok" | "down"} LineFound */
/**
 * What is known; null is what was not asked, or not known in time: nobody is alarmed by that.
 * @typedef {object} Found
 * @property {SoundFound | null} sound
 * @property {PictureFound | null} picture
 * @property {LineFound | null} service
 * @property {LineFound | null} relay
 * @property {number | null} upKbps
 */
/** @typedef {{isGood: boolean, keys: string[]}} Verdict text keys, the most serious first */

/** A call needs sound (50 kbit/s) and some picture. */
export const WEAK_KBPS = 250;
/** Below this nothing is dark on purpose: a cover is even and black. */
const BLACK_MEAN = 14;
const BLACK_MOST = 40;
/** A live microphone in a silent room is above this (-80 dB); a muted one gives exact zeros. */
const SILENT_PEAK = 0.0001;
const AT_MOST = 2;

/** @type {Found} */
export const NOTHING_KNOWN = { sound: null, picture: null, service: null, relay: null, upKbps: null };

/**
 * @param {Found} found
 * @param {boolean} hasPhone whether there is a telephone number to point to
 * @returns {Verdict}
 */
export function verdict({ sound, picture, service, relay, upKbps }, hasPhone) {
  const keys = [];
  if (service === "down") {
    keys.push(hasPhone ? "quick.no_service_phone" : "quick.no_service");
  }
  if (sound === "silent") {
    keys.push("quick.silent");
  }
  if (picture === "black") {
    keys.push("quick.black");
  }
  if (service !== "down" && relay === "down") {
    keys.push("quick.no_relay");
  } else if (service !== "down" && upKbps !== null && upKbps < WEAK_KBPS) {
    keys.push("quick.weak");
  }
  if (keys.length) {
    return { isGood: false, keys: keys.slice(0, AT_MOST) };
  }
  const what = sound && picture ? "both" : picture ? "video" : sound ? "audio" : "none";
  return { isGood: service === "ok", keys: [service === "ok" ? `quick.good_${what}` : "quick.unknown"] };
}

/** @param {number} peak the largest sample of a few seconds, 0 … 1 @returns {SoundFound} */
export function soundOf(peak) {
  return peak < SILENT_PEAK ? "silent" : "ok";
}

/**
 * @param {ArrayLike<number>} rgba pixels, four numbers each
 * @returns {PictureFound}
 */
export function pictureOf(rgba) {
  let sum = 0;
  let most = 0;
  for (let at = 0; at + 3 < rgba.length; at += 4) {
    const luma = 0.3 * (rgba[at] ?? 0) + 0.59 * (rgba[at + 1] ?? 0) + 0.11 * (rgba[at + 2] ?? 0);
    sum += luma;
    most = Math.max(most, luma);
  }
  return sum / Math.max(1, rgba.length / 4) < BLACK_MEAN && most < BLACK_MOST ? "black" : "ok";
}

/** Whether a way to a relay is among these. @param {readonly import("./types").IceServer[]} servers */
export function hasRelay(servers) {
  return servers.some(({ urls }) => urls.some((url) => url.startsWith("turn")));
}
