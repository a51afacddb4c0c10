// The custody log's tree (RFC 6962, 2.1): what a leaf and a node hash to, and whether a path leads from a leaf to a root.
import { hex, sha256, unhex } from "./der.js";

/** @param {number} first @param {Uint8Array[]} parts */
function hashed(first, ...parts) {
  const bytes = new Uint8Array(1 + parts.reduce((sum, one) => sum + one.length, 0));
  bytes[0] = first;
  let at = 1;
  for (const one of parts) {
    bytes.set(one, at);
    at += one.length;
  }
  return sha256(bytes);
}

/** @param {string} text */
export const leafHash = (text) => hashed(0, new TextEncoder().encode(text));

/**
 * Whether the leaf at `index` (from 0) is in the tree of `size` leaves with this root (RFC 9162, 2.1.3.2).
 * @param {string} leaf @param {number} index @param {number} size @param {string[]} path @param {string} root
 */
export async function isIncluded(leaf, index, size, path, root) {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size || path.length > 64) {
    return false;
  }
  let [fn, sn, r] = [index, size - 1, await leafHash(leaf)];
  for (const one of path) {
    if (sn === 0 || !/^[0-9a-f]{64}$/u.test(one)) {
      return false;
    }
    const p = unhex(one);
    if (fn % 2 === 1 || fn === sn) {
      r = await hashed(1, p, r);
      while (fn % 2 === 0 && fn !== 0) {
        fn = Math.floor(fn / 2);
        sn = Math.floor(sn / 2);
      }
    } else {
      r = await hashed(1, r, p);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 && hex(r) === root;
}

/**
 * Whether the tree of `size` leaves with root `early` is the beginning of the tree of `whole` leaves with root `late` (RFC 9162, 2.1.4.2).
 * @param {number} size @param {string} early @param {number} whole @param {string} late @param {string[]} path
 */
export async function isBeginning(size, early, whole, late, path) {
  if (size === whole) {
    return early === late && path.length === 0;
  }
  if (!(size > 0 && size < whole) || !path.length || path.length > 64 || !path.every((one) => /^[0-9a-f]{64}$/u.test(one))) {
    return false;
  }
  let [fn, sn] = [size - 1, whole - 1];
  while (fn % 2 === 1) {
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  const isPower = Number.isInteger(Math.log2(size)) && 2 ** Math.round(Math.log2(size)) === size;
  const [first, ...rest] = (isPower ? [early, ...path] : path).map(unhex);
  if (!first) {
    return false;
  }
  let [fr, sr] = [/** @type {Uint8Array} */ (first), /** @type {Uint8Array} */ (first)];
  for (const c of rest) {
    if (sn === 0) {
      return false;
    }
    if (fn % 2 === 1 || fn === sn) {
      fr = await hashed(1, c, fr);
      sr = await hashed(1, c, sr);
      while (fn % 2 === 0 && fn !== 0) {
        fn = Math.floor(fn / 2);
        sn = Math.floor(sn / 2);
      }
    } else {
      sr = await hashed(1, sr, c);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 && hex(fr) === early && hex(sr) === late;
}
