// Reads a ZIP without unpacking it first: the list at its end, then one file at a time.

export class ZipError extends Error {}

const MOST_ENTRIES = 20_000;
const MOST_BYTES = 2 ** 31;

const text = new TextDecoder("utf-8", { fatal: false });

/**
 * @typedef {{ name: string, size: number, packed: number, method: number, offset: number, crc: number, flags: number }} Entry
 */

/** @param {Blob} blob @param {number} from @param {number} to @returns {Promise<DataView>} */
async function view(blob, from, to) {
  return new DataView(await blob.slice(Math.max(0, from), Math.min(blob.size, to)).arrayBuffer());
}

/** @param {DataView} tail @returns {number} where the end record begins, or -1 */
function endOf(tail) {
  for (let at = tail.byteLength - 22; at >= 0; at -= 1) {
    if (tail.getUint32(at, true) === 0x06054b50 && at + 22 + tail.getUint16(at + 20, true) <= tail.byteLength) {
      return at;
    }
  }
  return -1;
}

/** The files in a ZIP, in the order of its list. @param {Blob} blob @returns {Promise<Entry[]>} */
export async function entriesOf(blob) {
  const tailFrom = Math.max(0, blob.size - 66_000);
  const tail = await view(blob, tailFrom, blob.size);
  const end = endOf(tail);
  if (end < 0) {
    throw new ZipError("end");
  }
  let count = tail.getUint16(end + 10, true);
  let size = tail.getUint32(end + 12, true);
  let start = tail.getUint32(end + 16, true);
  if (count === 0xffff || size === 0xffffffff || start === 0xffffffff) {
    ({ count, size, start } = await bigEnd(blob, tailFrom + end));
  }
  // What stands before the first file (a moved archive) moves every offset.
  const listEnd = tailFrom + end;
  if (count > MOST_ENTRIES || start + size > blob.size) {
    throw new ZipError("list");
  }
  return listed(await view(blob, start, Math.min(start + size, listEnd)), count);
}

/** @param {Blob} blob @param {number} end */
async function bigEnd(blob, end) {
  const locator = await view(blob, end - 20, end);
  if (locator.byteLength !== 20 || locator.getUint32(0, true) !== 0x07064b50) {
    throw new ZipError("list");
  }
  const at = Number(locator.getBigUint64(8, true));
  const record = await view(blob, at, at + 56);
  if (record.byteLength !== 56 || record.getUint32(0, true) !== 0x06064b50) {
    throw new ZipError("list");
  }
  return { count: Number(record.getBigUint64(32, true)), size: Number(record.getBigUint64(40, true)), start: Number(record.getBigUint64(48, true)) };
}

/** @param {DataView} list @param {number} count @returns {Entry[]} */
function listed(list, count) {
  /** @type {Entry[]} */
  const found = [];
  let at = 0;
  for (let i = 0; i < count; i += 1) {
    if (at + 46 > list.byteLength || list.getUint32(at, true) !== 0x02014b50) {
      throw new ZipError("list");
    }
    const nameSize = list.getUint16(at + 28, true);
    const extraSize = list.getUint16(at + 30, true);
    const entry = {
      name: text.decode(new Uint8Array(list.buffer, list.byteOffset + at + 46, Math.min(nameSize, list.byteLength - at - 46))),
      flags: list.getUint16(at + 8, true),
      method: list.getUint16(at + 10, true),
      crc: list.getUint32(at + 16, true),
      packed: list.getUint32(at + 20, true),
      size: list.getUint32(at + 24, true),
      offset: list.getUint32(at + 42, true),
    };
    widen(entry, list, at + 46 + nameSize, extraSize);
    found.push(entry);
    at += 46 + nameSize + extraSize + list.getUint16(at + 32, true);
  }
  return found;
}

/** Sizes beyond 4 GB stand in an extra field. @param {Entry} entry @param {DataView} list @param {number} from @param {number} size */
function widen(entry, list, from, size) {
  const end = Math.min(from + size, list.byteLength);
  for (let at = from; at + 4 <= end; at += 4 + list.getUint16(at + 2, true)) {
    if (list.getUint16(at, true) !== 1) {
      continue;
    }
    let field = at + 4;
    for (const name of /** @type {const} */ (["size", "packed", "offset"])) {
      if (entry[name] === 0xffffffff && field + 8 <= end) {
        entry[name] = Number(list.getBigUint64(field, true));
        field += 8;
      }
    }
  }
}

/** One file's bytes. @param {Blob} blob @param {Entry} entry @returns {Promise<Blob>} */
export async function contentOf(blob, entry) {
  const head = await view(blob, entry.offset, entry.offset + 30);
  if (head.byteLength !== 30 || head.getUint32(0, true) !== 0x04034b50 || entry.flags & 1 || entry.size > MOST_BYTES) {
    throw new ZipError("file");
  }
  const from = entry.offset + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  const packed = blob.slice(from, from + entry.packed);
  if (packed.size !== entry.packed) {
    throw new ZipError("file");
  }
  if (entry.method === 0) {
    if (entry.packed !== entry.size) {
      throw new ZipError("file");
    }
    return packed;
  }
  if (entry.method !== 8) {
    throw new ZipError("method");
  }
  return inflated(packed, entry.size);
}

/** No more is unpacked than was said. @param {Blob} packed @param {number} size */
async function inflated(packed, size) {
  const reader = packed.stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const parts = [];
  let total = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        break;
      }
      total += value.byteLength;
      if (total > size) {
        await reader.cancel();
        throw new ZipError("file");
      }
      parts.push(/** @type {Uint8Array<ArrayBuffer>} */ (value));
    }
  } catch {
    throw new ZipError("file");
  }
  if (total !== size) {
    throw new ZipError("file");
  }
  return new Blob(parts);
}
