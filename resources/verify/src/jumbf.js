// Where a picture's C2PA manifest lies, and what stands unprotected beside its signature. Hostile input: sizes are believed only as far
// as there are bytes, and nothing is walked twice.

/** What a manifest store's own box says it is: found anywhere in a file, something of a manifest is left. */
const STORE = Uint8Array.of(0x63, 0x32, 0x70, 0x61, 0x00, 0x11, 0x00, 0x10, 0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71);
const SIGNATURE = "c2pa.signature";
const MOST_BOXES = 4096;
const MOST_DEEP = 8;
const utf8 = new TextDecoder();

/** @param {Uint8Array} bytes @param {Uint8Array} wanted @param {number} [from] */
function indexOf(bytes, wanted, from = 0) {
  const first = wanted[0] ?? 0;
  for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (wanted.every((one, i) => bytes[at + i] === one)) {
      return at;
    }
  }
  return -1;
}

/** Whether something of a manifest is in these bytes. @param {Uint8Array} bytes */
export const hasRemains = (bytes) => indexOf(bytes, STORE) >= 0;

/** @param {Uint8Array} bytes @param {number} at */
const four = (bytes, at) => String.fromCharCode(...bytes.subarray(at, at + 4));

/** @param {Uint8Array[]} parts */
function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, one) => sum + one.length, 0));
  let at = 0;
  for (const one of parts) {
    whole.set(one, at);
    at += one.length;
  }
  return whole;
}

/** The manifest store of a JPEG, PNG or WebP; empty where there is none. @param {Uint8Array} bytes */
export function manifestStore(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes[0] === 0xff && bytes[1] === 0xd8) {
    return jpegStore(bytes, view);
  }
  const isPng = bytes[0] === 0x89;
  for (let at = isPng ? 8 : 12; at + 8 <= bytes.length; ) {
    const size = view.getUint32(isPng ? at : at + 4, !isPng);
    const kind = four(bytes, isPng ? at + 4 : at);
    if (kind === (isPng ? "caBX" : "C2PA")) {
      return bytes.subarray(at + 8, at + 8 + size);
    }
    at += isPng ? size + 12 : 8 + size + (size % 2);
  }
  return new Uint8Array();
}

/** APP11 segments "JP" (ISO/IEC 18477-3): the box's header stands again in each. @param {Uint8Array} bytes @param {DataView} view */
function jpegStore(bytes, view) {
  /** @type {Uint8Array[]} */
  const parts = [];
  let mine = -1;
  for (let at = 2; at + 44 <= bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1] ?? 0;
    if (marker === 0xff || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) {
      at += marker === 0xff ? 1 : 2;
      continue;
    }
    if (marker === 0xda || marker === 0xd9) {
      break;
    }
    const end = at + 2 + view.getUint16(at + 2);
    if (marker === 0xeb && four(bytes, at + 2).endsWith("JP") && four(bytes, at + 16) === "jumb") {
      const instance = view.getUint16(at + 6);
      if (parts.length ? instance === mine : STORE.every((one, i) => bytes[at + 28 + i] === one)) {
        parts.push(bytes.subarray(at + (parts.length ? 20 : 12), end));
        mine = instance;
      }
    }
    at = end;
  }
  return joined(parts);
}

/** @typedef {{ kind: string, from: number, to: number }} Box */

/** @param {Uint8Array} bytes @param {number} from @param {number} to @returns {Box[]} */
function boxes(bytes, from, to) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = [];
  for (let at = from; at + 8 <= to && found.length < MOST_BOXES; ) {
    let size = view.getUint32(at);
    let head = 8;
    if (size === 1 && at + 16 <= to) {
      size = Number(view.getBigUint64(at + 8));
      head = 16;
    } else if (size === 0) {
      size = to - at;
    }
    if (size < head || at + size > to) {
      break;
    }
    found.push({ kind: four(bytes, at + 4), from: at + head, to: at + size });
    at += size;
  }
  return found;
}

/** A superbox's label and what is in it. @param {Uint8Array} bytes @param {Box} box */
function opened(bytes, box) {
  const [described, ...rest] = boxes(bytes, box.from, box.to);
  if (box.kind !== "jumb" || !described || described.kind !== "jumd") {
    return { label: "", rest: [] };
  }
  const from = described.from + 17;
  const end = bytes.indexOf(0, from);
  return { label: utf8.decode(bytes.subarray(from, end < 0 || end > described.to ? described.to : end)), rest };
}

/** As much of CBOR (RFC 8949) as a COSE signature is written in. */
class Cbor {
  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
  }

  /** @param {number} low */
  number(low) {
    if (low < 24) {
      return low;
    }
    const size = [1, 2, 4, 8][low - 24];
    if (!size || this.at + size > this.bytes.length) {
      throw new Error("cbor");
    }
    const at = this.at;
    this.at += size;
    return size === 8 ? Number(this.view.getBigUint64(at)) : size === 4 ? this.view.getUint32(at) : size === 2 ? this.view.getUint16(at) : this.view.getUint8(at);
  }

  /** @param {number} size */
  take(size) {
    if (this.at + size > this.bytes.length) {
      throw new Error("cbor");
    }
    this.at += size;
    return this.bytes.subarray(this.at - size, this.at);
  }

  /** @param {number} count @param {number} depth */
  items(count, depth) {
    const found = [];
    for (let i = 0; i < count; i += 1) {
      found.push(this.read(depth + 1));
    }
    return found;
  }

  /** @param {number} [depth] @returns {any} */
  read(depth = 0) {
    const [first = 0] = this.take(1);
    const major = first >> 5;
    const value = this.number(first & 31);
    if (depth > MOST_DEEP || ((major === 4 || major === 5) && value > MOST_BOXES)) {
      throw new Error("cbor");
    }
    if (major === 2) {
      return this.take(value);
    }
    if (major === 3) {
      return new TextDecoder("utf-8", { fatal: true }).decode(this.take(value));
    }
    if (major === 4) {
      return this.items(value, depth);
    }
    if (major === 5) {
      const flat = this.items(2 * value, depth);
      const made = new Map(Array.from({ length: value }, (_, i) => [flat[2 * i], flat[2 * i + 1]]));
      if (made.size !== value) {
        throw new Error("cbor");
      }
      return made;
    }
    return major === 6 ? { tag: value, value: this.read(depth + 1) } : value;
  }
}

/** What is in each manifest's signature box. @param {Uint8Array} store @returns {Uint8Array[]} */
function signatures(store) {
  const found = [];
  for (const top of boxes(store, 0, store.length)) {
    const { label, rest } = opened(store, top);
    for (const manifest of label === "c2pa" ? rest : []) {
      for (const box of opened(store, manifest).rest) {
        const inner = opened(store, box);
        if (inner.label === SIGNATURE) {
          found.push(...inner.rest.filter((one) => one.kind === "cbor").map((one) => store.subarray(one.from, one.to)));
        }
      }
    }
  }
  return found;
}

/**
 * Whether each manifest's signature has padding of zeros, tokens of time, and nothing else in its unprotected header: whatever else stood
 * there could be changed without the signature noticing. @param {Uint8Array} store
 */
export function isSlackClean(store) {
  const all = signatures(store);
  return all.length > 0 && all.every(isClean);
}

/** @param {Uint8Array} box */
function isClean(box) {
  try {
    const reader = new Cbor(box);
    const { tag, value } = reader.read();
    if (tag !== 18 || reader.at !== box.length || !Array.isArray(value) || value.length !== 4 || !(value[1] instanceof Map)) {
      return false;
    }
    return Array.from(value[1]).every(([name, held]) => {
      const isPadding = (name === "pad" || name === "pad2") && held instanceof Uint8Array && held.every((one) => one === 0);
      return isPadding || name === "sigTst" || name === "sigTst2";
    });
  } catch {
    return false;
  }
}
