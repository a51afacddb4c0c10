// Checks files: what a picture's own seal says, measured against the pinned root.
import { hex, sha256 } from "./der.js";
import { pictureType } from "./verdict.js";
import { conclude } from "./seal.js";

/** @typedef {import("./verdict.js").Checked} Checked */
/** @typedef {{ pem: string, fingerprint: string } | null} Pin */

/** @param {Blob} blob @returns {Promise<Uint8Array<ArrayBuffer>>} */
export async function bytesOf(blob) {
  return new Uint8Array(await blob.arrayBuffer());
}

/** @param {Blob} blob */
export async function digestOf(blob) {
  return hex(await sha256(await bytesOf(blob)));
}

/**
 * One picture by its own seal.
 * @param {import("./reader.js").SealReader} reader @param {string} name @param {Blob} blob @param {Pin} pin
 * @returns {Promise<Checked>}
 */
export async function checkPicture(reader, name, blob, pin) {
  const digest = await digestOf(blob);
  const type = pictureType(await bytesOf(blob.slice(0, 16)));
  if (!type) {
    return { file: name, verdict: "uncheckable", reasons: [["not_a_picture", {}]], facts: { digest } };
  }
  const checked = conclude(name, await reader.read(blob, type, pin?.pem ?? ""), pin);
  return { ...checked, facts: { ...checked.facts, digest } };
}
