// Whether a seal lies in its picture byte for byte as our sealer writes it, as sealing/structure.py: readers forgive much in the
// containers, each something else; a seal of ours that is not as written was changed.
import { isSlackClean, manifestStore } from "./jumbf.js";

const SEGMENT = "JP\x02\x11";
const TYPE_END = "\x00\x11\x00\x10\x80\x00\x00\xaa\x00\x38\x9b\x71";
const PLAIN = 0x03;
const SALTED = 0x13;
const MANIFEST_NAME = "urn:c2pa:";
const PARTS = ["c2as c2pa.assertions", "c2cl c2pa.claim.v2", "c2cs c2pa.signature"];
const NO_PAYLOAD = "\xf6\x58\x40"; // nil, and then the 64 bytes of an ES256 signature
const MOST_BOXES = 4096;

/** @typedef {{ from: number, to: number }} Span */
/** @typedef {{ kind: string, name: string, held: Span[] }} Superbox */

/** @param {Uint8Array} bytes @param {number} from @param {number} to */
const raw = (bytes, from, to) => Array.from(bytes.subarray(from, to), (one) => String.fromCharCode(one)).join("");

/** Whether the picture's file carries its manifest store, and the store its boxes and its padding, as our sealer writes them. @param {Uint8Array} bytes */
export function isAsSealed(bytes) {
  try {
    const store = manifestStore(bytes);
    return store.length > 0 && isCarried(bytes, store) && isStore(store) && isSlackClean(store);
  } catch {
    return false;
  }
}

/** @param {Uint8Array} bytes @param {Uint8Array} store */
function isCarried(bytes, store) {
  if (bytes[0] === 0xff) {
    return isInSegments(bytes, store);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isPng = bytes[0] === 0x89;
  /** @type {number[]} */
  const found = [];
  for (let at = isPng ? 8 : 12; at + 8 <= bytes.length; ) {
    const size = view.getUint32(isPng ? at : at + 4, !isPng);
    if (raw(bytes, isPng ? at + 4 : at, (isPng ? at + 4 : at) + 4) === (isPng ? "caBX" : "C2PA")) {
      found.push(at);
    }
    at += isPng ? size + 12 : 8 + size + (size % 2);
  }
  const [at = -1] = found;
  if (found.length !== 1 || view.getUint32(isPng ? at : at + 4, !isPng) !== store.length) {
    return false;
  }
  const after = at + 8 + store.length;
  return isPng ? view.getUint32(after) === crc32(bytes.subarray(at + 4, after)) : store.length % 2 === 0 || bytes[after] === 0;
}

/** @param {Uint8Array} bytes @param {Uint8Array} store */
function isInSegments(bytes, store) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = raw(store, 0, 8);
  /** @type {Span[]} */
  const mine = [];
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda && bytes[at + 1] !== 0xd9; ) {
    const to = at + 2 + view.getUint16(at + 2);
    if (bytes[at + 1] === 0xeb && raw(bytes, at + 4, at + 6) === "JP") {
      mine.push({ from: at, to });
    }
    at = to;
  }
  let reached = mine[0]?.from ?? -1;
  let held = 8;
  for (const [n, { from, to }] of mine.entries()) {
    if (from !== reached || to > bytes.length || raw(bytes, from + 4, from + 8) !== SEGMENT || view.getUint32(from + 8) !== n + 1 || raw(bytes, from + 12, from + 20) !== header) {
      return false;
    }
    reached = to;
    held += to - from - 20;
  }
  return mine.length > 0 && held === store.length;
}

/** The boxes that fill this stretch exactly. @param {Uint8Array} store @param {number} from @param {number} to @returns {Span[]} */
function boxes(store, from, to) {
  const view = new DataView(store.buffer, store.byteOffset, store.byteLength);
  const found = [];
  let at = from;
  for (; at < to && found.length < MOST_BOXES; ) {
    const size = view.getUint32(at);
    if (size < 8 || at + size > to) {
      throw new Error("box");
    }
    found.push({ from: at, to: at + size });
    at += size;
  }
  if (at !== to) {
    throw new Error("box");
  }
  return found;
}

/** What each holds; an error where one is not exactly as it should be. @param {Uint8Array} store @param {Span[]} spans @param {boolean} [mayBeSalted] @returns {Superbox[]} */
function superboxes(store, spans, mayBeSalted = false) {
  return spans.map(({ from, to }) => {
    const [described, ...held] = boxes(store, from + 8, to);
    if (!described || raw(store, from + 4, from + 8) !== "jumb" || raw(store, described.from + 4, described.from + 8) !== "jumd") {
      throw new Error("box");
    }
    const content = store.subarray(described.from + 8, described.to);
    const end = content.indexOf(0, 17);
    const isSalted = end + 1 < content.length;
    const isKnown = mayBeSalted || raw(content, 4, 16) === TYPE_END;
    if (end < 0 || !isKnown || content[16] !== (isSalted ? SALTED : PLAIN) || (isSalted && !mayBeSalted)) {
      throw new Error("box");
    }
    return { kind: raw(content, 0, 4), name: raw(content, 17, end), held };
  });
}

/** @param {Uint8Array} store */
function isStore(store) {
  const all = superboxes(store, [{ from: 0, to: store.length }]);
  const top = all[0];
  if (all.length !== 1 || !top || top.kind !== "c2pa" || top.name !== "c2pa" || !top.held.length || boxes(store, 0, store.length).length !== 1) {
    return false;
  }
  return superboxes(store, top.held).every(({ kind, name, held }) => kind === "c2ma" && name.startsWith(MANIFEST_NAME) && isManifest(store, held));
}

/** @param {Uint8Array} store @param {Span[]} spans */
function isManifest(store, spans) {
  const parts = superboxes(store, spans);
  const names = parts.map(({ kind, name }) => `${kind} ${name}`).sort();
  if (names.length !== PARTS.length || names.some((one, i) => one !== PARTS[i])) {
    return false;
  }
  const held = (/** @type {string} */ name) => parts.find((one) => one.name === name)?.held ?? [];
  superboxes(store, held("c2pa.assertions"), true);
  const [signature, ...more] = held("c2pa.signature");
  return signature !== undefined && !more.length && raw(store, signature.from + 4, signature.from + 8) === "cbor" && raw(store, signature.to - 67, signature.to - 64) === NO_PAYLOAD;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, one) => {
  let value = one;
  for (let bit = 0; bit < 8; bit += 1) {
    value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  }
  return value;
});

/** @param {Uint8Array} bytes */
function crc32(bytes) {
  let value = 0xffffffff;
  for (let at = 0; at < bytes.length; at += 1) {
    value = /** @type {number} */ (TABLE[(value ^ /** @type {number} */ (bytes[at])) & 0xff]) ^ (value >>> 8);
  }
  return (value ^ 0xffffffff) >>> 0;
}
