// As much of DER and X.509 as a P-256 chain needs: who is who, until when, what key, and whether the issuer signed it.
import { p256 } from "@noble/curves/nist.js";
import { sha256 as plainSha256 } from "@noble/hashes/sha2.js";
import { fromBase64 } from "./reader.js";

/** @param {Uint8Array} bytes */
export const hex = (bytes) => Array.from(bytes, (one) => one.toString(16).padStart(2, "0")).join("");

/** @param {string} digits @returns {Uint8Array<ArrayBuffer>} */
export function unhex(digits) {
  if (!/^(?:[0-9a-f]{2})*$/u.test(digits)) {
    throw new Error("hex");
  }
  return Uint8Array.from(digits.match(/../gu) ?? [], (two) => Number.parseInt(two, 16));
}

/** SHA-256, by the browser where it offers it (it does not in every place a file can be opened from). @param {Uint8Array<ArrayBuffer>} bytes */
export async function sha256(bytes) {
  return globalThis.crypto?.subtle ? new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)) : plainSha256(bytes);
}

/** ECDSA P-256 over SHA-256, DER; the key as the 65 bytes of its point. @param {Uint8Array} key @param {Uint8Array} data @param {Uint8Array} signature */
export function isSignedBy(key, data, signature) {
  try {
    return p256.verify(signature, data, key, { format: "der", lowS: false, prehash: true });
  } catch {
    return false;
  }
}

/** @typedef {{ tag: number, start: number, from: number, to: number }} Node */

/** @param {Uint8Array} bytes @param {number} at @param {number} end @returns {Node} */
export function node(bytes, at, end) {
  const tag = bytes[at] ?? 0;
  let size = bytes[at + 1] ?? 0x80;
  let from = at + 2;
  if (size >= 0x80) {
    const count = size & 0x7f;
    if (!count || count > 4) {
      throw new Error("der");
    }
    size = 0;
    for (let i = 0; i < count; i += 1) {
      size = size * 256 + (bytes[from + i] ?? 0);
    }
    from += count;
  }
  if (from + size > end) {
    throw new Error("der");
  }
  return { tag, start: at, from, to: from + size };
}

/** @param {Uint8Array} bytes @param {Node} parent @returns {Node[]} */
export function inside(bytes, parent) {
  const found = [];
  for (let at = parent.from; at < parent.to; ) {
    const one = node(bytes, at, parent.to);
    found.push(one);
    at = one.to;
  }
  return found;
}

const EC_P256 = "06072a8648ce3d020106082a8648ce3d030107";
const ECDSA_SHA256 = "06082a8648ce3d040302";
const BASIC_CONSTRAINTS = "0603551d13";
const EXTENDED_KEY_USAGE = "0603551d25";
const CLAIM_SIGNING = "060a2b0601040183e85e0201"; // c2pa-kp-claimSigning
const DOCUMENT_SIGNING = "06082b06010505070324"; // id-kp-documentSigning

/** @param {string} text @param {number} tag */
export function time(text, tag) {
  const full = tag === 0x17 ? `${Number(text.slice(0, 2)) >= 50 ? "19" : "20"}${text}` : text;
  const found = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.\d+)?Z$/u.exec(full);
  if (!found) {
    throw new Error("der");
  }
  const [, y, mo, d, h, mi, s] = found.map(Number);
  return Date.UTC(y ?? 0, (mo ?? 1) - 1, d, h, mi, s);
}

/**
 * @typedef {{ der: Uint8Array<ArrayBuffer>, signed: Uint8Array, signature: Uint8Array, subject: string, issuer: string, from: number, until: number,
 *   key: Uint8Array, isAuthority: boolean, usages: string, serial: string }} Certificate
 */

/** A certificate with a P-256 key and signature; anything else is an error. @param {Uint8Array<ArrayBuffer>} der @returns {Certificate} */
export function certificate(der) {
  const whole = node(der, 0, der.length);
  const [signed, algorithm, signature] = inside(der, whole);
  if (!signed || !algorithm || !signature || whole.to !== der.length || !hex(der.subarray(algorithm.from, algorithm.to)).startsWith(ECDSA_SHA256)) {
    throw new Error("der");
  }
  const parts = inside(der, signed).filter((one) => one.tag !== 0xa0);
  const [, , issuer, validity, subject, key] = parts;
  if (!issuer || !validity || !subject || !key) {
    throw new Error("der");
  }
  const [from, until] = inside(der, validity).map((one) => time(String.fromCharCode(...der.subarray(one.from, one.to)), one.tag));
  const extensions = parts.find((one) => one.tag === 0xa3);
  const [kind, point] = inside(der, key);
  if (!kind || !point || hex(der.subarray(kind.from, kind.to)) !== EC_P256 || from === undefined || until === undefined) {
    throw new Error("der");
  }
  return {
    der,
    signed: der.subarray(signed.start, signed.to),
    signature: der.subarray(signature.from + 1, signature.to),
    subject: hex(der.subarray(subject.start, subject.to)),
    issuer: hex(der.subarray(issuer.start, issuer.to)),
    from,
    until,
    key: der.subarray(point.from + 1, point.to),
    isAuthority: extension(der, extensions, BASIC_CONSTRAINTS).includes("0101ff"),
    serial: parts[0] ? hex(der.subarray(parts[0].start, parts[0].to)) : "",
    usages: extension(der, extensions, EXTENDED_KEY_USAGE),
  };
}

/** The value of one extension, as hexadecimal digits; empty without. @param {Uint8Array} der @param {Node | undefined} extensions @param {string} name */
function extension(der, extensions, name) {
  const list = extensions && inside(der, extensions)[0];
  for (const one of list ? inside(der, list) : []) {
    const fields = inside(der, one);
    const value = fields.at(-1);
    if (fields[0] && value && hex(der.subarray(fields[0].start, fields[0].to)) === name) {
      return hex(der.subarray(value.from, value.to));
    }
  }
  return "";
}

/** A desk's own seal: a desktop's certificate, under the same root, may sign no package. @param {Certificate} one */
export const maySignPackages = (one) => one.usages.includes(CLAIM_SIGNING) && one.usages.includes(DOCUMENT_SIGNING);

/** A custody log's certificate. @param {Certificate} one */
export const maySignHeads = (one) => !one.usages.includes(CLAIM_SIGNING) && one.usages.includes(DOCUMENT_SIGNING);

/** The certificates of a PEM text. @param {string} pem @returns {Certificate[]} */
export function certificates(pem) {
  const found = pem.matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+?)-----END CERTIFICATE-----/gu);
  return Array.from(found, ([, body]) => certificate(fromBase64((body ?? "").replaceAll(/\s/gu, ""))));
}

/** The same; none when one of them cannot be read. @param {string} pem @returns {Certificate[]} */
export function chainOf(pem) {
  try {
    return certificates(pem);
  } catch {
    return [];
  }
}

/** @param {Uint8Array} a @param {Uint8Array} b */
const same = (a, b) => a.length === b.length && a.every((one, i) => one === b[i]);

/**
 * The key of a chain's first certificate when the chain leads to this root, by names and signatures; else null. With `now`: and when each
 * of them is valid then. The root's own bytes count, not what the chain carries as root.
 * @param {Certificate[]} chain @param {Certificate} root @param {number | null} now
 * @returns {Uint8Array | null}
 */
export function keyUnder(chain, root, now) {
  const [first, ...rest] = chain.filter((one) => !same(one.der, root.der));
  if (!first) {
    return null;
  }
  let last = first;
  for (const next of [...rest, root]) {
    if (!next.isAuthority || last.issuer !== next.subject || !isSignedBy(next.key, last.signed, last.signature)) {
      return null;
    }
    last = next;
  }
  return now === null || [first, ...rest, root].every((one) => one.from <= now && now <= one.until) ? first.key : null;
}
