// Checks one file by itself: what a picture's own seal says, measured against the pinned root.
import { sha256 as plainSha256 } from "@noble/hashes/sha2.js";
import { hex, sha256 } from "./der.js";
import { pictureType } from "./verdict.js";
import { conclude } from "./seal.js";

/** @typedef {import("./verdict.js").Checked} Checked */
/** @typedef {{ pem: string, fingerprint: string } | null} Pin */
/** What checking needs: the reader, the pinned root, and the moment that certificates must be good at. @typedef {{ reader: import("./reader.js").SealReader, pin: Pin, now: number }} Means */

export const LARGEST = 64 * 1024 * 1024;
const PIECE = 4 * 1024 * 1024;

/** @param {Blob} blob @returns {Promise<Uint8Array<ArrayBuffer>>} */
export async function bytesOf(blob) {
  return new Uint8Array(await blob.arrayBuffer());
}

/** A file's SHA-256; of a large one without holding all of it. @param {Blob} blob @returns {Promise<string>} */
export async function digestOf(blob) {
  if (blob.size <= LARGEST) {
    return hex(await sha256(await bytesOf(blob)));
  }
  const running = plainSha256.create();
  for (let at = 0; at < blob.size; at += PIECE) {
    running.update(await bytesOf(blob.slice(at, at + PIECE)));
  }
  return hex(running.digest());
}

/**
 * One picture by its own seal.
 * @param {Means} means @param {string} name @param {Blob} blob
 * @returns {Promise<Checked>}
 */
export async function checkPicture({ reader, pin }, name, blob) {
  const type = pictureType(await bytesOf(blob.slice(0, 16)));
  /** @type {(code: string) => Checked} */
  const unsure = (code) => ({ file: name, verdict: "uncheckable", reasons: [[code, {}]], facts: {} });
  if (!type) {
    return unsure("unknown_kind");
  }
  if (blob.size > LARGEST) {
    return unsure("too_large");
  }
  const bytes = await bytesOf(blob);
  const checked = conclude(name, bytes, await reader.read(blob, type, pin?.pem ?? ""), pin);
  return { ...checked, facts: { ...checked.facts, digest: hex(await sha256(bytes)) } };
}
