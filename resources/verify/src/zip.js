// Reads a ZIP by the list at its end, and refuses what a careful reader must: section 1 of PACKAGE.md, as sealing/bag.py does.

/** Why a whole archive is refused: a code of a reason. */
export class Refused extends Error {
  /** @param {"truncated" | "container_damaged" | "too_large" | "unknown_kind" | "newer_version"} code */
  constructor(code) {
    super(code);
    this.code = code;
  }
}

const MOST_ENTRIES = 20_000;
const LARGEST_LIST = 16 * 1024 * 1024;
const ROOM = 64 * 1024 * 1024;
const RATIO = 20;
const ALL = 0xffffffff;
const PLAIN_TIME = 0x00210000;
const PLAIN_MODE = 0o100644 * 0x10000;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/u;
const utf8 = new TextDecoder();

/** @typedef {{ name: string, raw: string, size: number, packed: number, method: number, offset: number, from: number, isPlain: boolean }} Entry */
/** The files of a bag by their names in it; `strange` are names that no package has. @typedef {{ files: Map<string, Entry>, strange: string[], isRezipped: boolean }} Archive */

/** @param {Blob} blob @param {number} from @param {number} to @returns {Promise<DataView>} */
async function view(blob, from, to) {
  return new DataView(await blob.slice(Math.max(0, from), Math.max(0, Math.min(blob.size, to))).arrayBuffer());
}

/** Whether a file of a package may have this name. @param {string} name */
export const isName = (name) => name.length <= 240 && NAME.test(name);

/** Whether these bytes begin a ZIP. @param {Uint8Array} head */
export const isZip = (head) => head[0] === 0x50 && head[1] === 0x4b && ((head[2] === 3 && head[3] === 4) || (head[2] === 5 && head[3] === 6));

/** What is in a ZIP. Refused when it cannot be read as one. @param {Blob} blob @returns {Promise<Archive>} */
export async function openArchive(blob) {
  try {
    const { start, list, count, isTidy } = await ending(blob);
    const entries = listed(list, count);
    for (const one of entries) {
      await place(blob, one, start);
    }
    const isGapless = requireApart(entries, start);
    if (entries.reduce((sum, one) => sum + one.size, 0) > ROOM + RATIO * blob.size) {
      throw new Refused("too_large");
    }
    return { ...inside(entries), isRezipped: !(isTidy && isGapless && entries.every((one) => one.isPlain)) };
  } catch (error) {
    throw error instanceof Refused ? error : new Refused("truncated"); // read past the end
  }
}

/** @param {DataView} tail @returns {number} where the last end record begins, or -1 */
function endOf(tail) {
  for (let at = tail.byteLength - 22; at >= 0; at -= 1) {
    if (tail.getUint32(at, true) === 0x06054b50) {
      return at;
    }
  }
  return -1;
}

/** @param {Blob} blob */
async function ending(blob) {
  const tailFrom = Math.max(0, blob.size - 65_557);
  const tail = await view(blob, tailFrom, blob.size);
  const at = endOf(tail);
  if (at < 0) {
    throw new Refused("truncated");
  }
  let [count, size, start, end] = [tail.getUint16(at + 10, true), tail.getUint32(at + 12, true), tail.getUint32(at + 16, true), tailFrom + at];
  if (at >= 20 && tail.getUint32(at - 20, true) === 0x07064b50) {
    const recordAt = Number(tail.getBigUint64(at - 12, true));
    if (recordAt + 56 > blob.size) {
      throw new Refused("truncated");
    }
    const record = await view(blob, recordAt, recordAt + 56);
    if (record.getUint32(0, true) !== 0x06064b50) {
      throw new Refused("container_damaged");
    }
    [count, size, start, end] = [Number(record.getBigUint64(32, true)), Number(record.getBigUint64(40, true)), Number(record.getBigUint64(48, true)), recordAt];
  }
  if (count > MOST_ENTRIES || size > LARGEST_LIST) {
    throw new Refused("too_large");
  }
  if (start + size > blob.size) {
    throw new Refused("truncated");
  }
  const isTidy = tail.getUint16(at + 20, true) === 0 && start + size === end && tailFrom + at + 22 === blob.size;
  return { start, list: await view(blob, start, start + size), count, isTidy };
}

/** @param {DataView} list @param {number} count @returns {Entry[]} */
function listed(list, count) {
  const found = [];
  let at = 0;
  for (let i = 0; i < count; i += 1) {
    if (list.byteLength < at + 4 || list.getUint32(at, true) !== 0x02014b50) {
      throw new Refused("container_damaged");
    }
    const nameSize = list.getUint16(at + 28, true);
    const extraSize = list.getUint16(at + 30, true);
    const commentSize = list.getUint16(at + 32, true);
    const next = at + 46 + nameSize + extraSize + commentSize;
    if (next > list.byteLength) {
      throw new Refused("truncated");
    }
    const [flags, method] = [list.getUint16(at + 8, true), list.getUint16(at + 10, true)];
    if (flags & 1 || (method !== 0 && method !== 8)) {
      throw new Refused("container_damaged");
    }
    const raw = new Uint8Array(list.buffer, list.byteOffset + at + 46, nameSize);
    const isPlain = method === 0 && flags === 0 && list.getUint32(at + 12, true) === PLAIN_TIME && list.getUint32(at + 38, true) === PLAIN_MODE && commentSize === 0;
    const [size, packed, offset] = widened([list.getUint32(at + 24, true), list.getUint32(at + 20, true), list.getUint32(at + 42, true)], list, at + 46 + nameSize, extraSize);
    found.push({ name: utf8.decode(raw), raw: String.fromCharCode(...raw), method, size: size ?? 0, packed: packed ?? 0, offset: offset ?? 0, from: 0, isPlain });
    at = next;
  }
  return found;
}

/** Numbers beyond 4 GB stand in an extra field. @param {number[]} numbers @param {DataView} list @param {number} from @param {number} size */
function widened(numbers, list, from, size) {
  const end = from + size;
  let [field, until] = [end, end];
  for (let at = from; at + 4 <= end; at += 4 + list.getUint16(at + 2, true)) {
    if (list.getUint16(at, true) === 1) {
      [field, until] = [at + 4, Math.min(end, at + 4 + list.getUint16(at + 2, true))];
      break;
    }
  }
  return numbers.map((one) => {
    if (one !== ALL || field + 8 > until) {
      return one;
    }
    field += 8;
    return Number(list.getBigUint64(field - 8, true));
  });
}

/** The file's own header must say the same. @param {Blob} blob @param {Entry} entry @param {number} listFrom */
async function place(blob, entry, listFrom) {
  if (entry.offset + 30 > listFrom) {
    throw new Refused("truncated");
  }
  const head = await view(blob, entry.offset, entry.offset + 30 + entry.raw.length);
  if (head.getUint32(0, true) !== 0x04034b50) {
    throw new Refused("container_damaged");
  }
  const nameSize = head.getUint16(26, true);
  const isSameName = nameSize === entry.raw.length && String.fromCharCode(...new Uint8Array(head.buffer, 30)) === entry.raw;
  if (head.getUint16(8, true) !== entry.method || head.getUint16(6, true) & 1 || !isSameName || (entry.method === 0 && entry.packed !== entry.size)) {
    throw new Refused("container_damaged");
  }
  entry.from = entry.offset + 30 + nameSize + head.getUint16(28, true);
  if (entry.from + entry.packed > listFrom) {
    throw new Refused("truncated");
  }
}

/** No two files share bytes; whether there is nothing between them. @param {Entry[]} entries @param {number} listFrom */
function requireApart(entries, listFrom) {
  let at = 0;
  for (const one of [...entries].sort((a, b) => a.offset - b.offset)) {
    if (one.offset < at) {
      throw new Refused("container_damaged");
    }
    at = one.from + one.packed;
  }
  let reached = 0;
  for (const one of entries) {
    if (one.offset !== reached) {
      return false;
    }
    reached = one.from + one.packed;
  }
  return reached === listFrom;
}

/** @param {Entry[]} entries */
function inside(entries) {
  const files = entries.filter((one) => !(one.name.endsWith("/") && one.size === 0));
  const named = files.filter((one) => isName(one.name));
  const base = baseOf(named.map((one) => one.name));
  const strange = files.filter((one) => !isName(one.name)).map((one) => one.name.slice(0, 240));
  /** @type {Map<string, Entry>} */
  const found = new Map();
  for (const one of named) {
    const name = one.name.slice(base.length);
    if (!one.name.startsWith(base)) {
      strange.push(one.name);
    } else if (found.has(name)) {
      throw new Refused("container_damaged");
    } else {
      found.set(name, one);
    }
  }
  return { files: found, strange };
}

/** What stands before the bag's own names: nothing, or the one folder with bagit.txt. @param {string[]} names */
function baseOf(names) {
  if (names.includes("bagit.txt")) {
    return "";
  }
  const holding = names.filter((one) => /^[^/]+\/bagit\.txt$/u.test(one));
  if (holding.length === 1) {
    return String(holding[0]).slice(0, -"bagit.txt".length);
  }
  const tops = new Set(names.map((one) => one.slice(0, one.indexOf("/") + 1)));
  return tops.size === 1 ? (Array.from(tops)[0] ?? "") : "";
}

/** One file's bytes: what cannot be unpacked ends early, what is more than was said shows as one byte more. @param {Blob} blob @param {Entry} entry @returns {Promise<Blob>} */
export async function contentOf(blob, entry) {
  const packed = blob.slice(entry.from, entry.from + entry.packed);
  return entry.method === 0 ? packed : inflated(packed, entry.size + 1);
}

/** @param {Blob} packed @param {number} most */
async function inflated(packed, most) {
  const reader = packed.stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const parts = [];
  let left = most;
  try {
    while (left > 0) {
      const { done, value } = await reader.read();
      if (done) {
        break;
      }
      const part = /** @type {Uint8Array<ArrayBuffer>} */ (value).subarray(0, left);
      parts.push(part);
      left -= part.length;
    }
    await reader.cancel();
  } catch {
    // what came is what there is: its SHA-256 says the rest
  }
  return new Blob(parts);
}
