// The custody log's extract: section 9 of PACKAGE.md.
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 as plainSha256 } from "@noble/hashes/sha2.js";
import { certificates, hex, isSignedBy, keyUnder, maySignHeads, sha256, unhex } from "./der.js";
import { isBeginning, isIncluded } from "./merkle.js";
import { tokenOf } from "./token.js";

/** @typedef {import("./verdict.js").Reason} Reason */
/** @typedef {import("./verdict.js").Verdict} Verdict */
/** @typedef {{ size: number, root: string, at: string, bytes: Uint8Array<ArrayBuffer> }} Head */
/** A file of the package by its path. @typedef {(path: string) => Promise<Uint8Array<ArrayBuffer> | null>} Open */

const LATE_S = 60;
const utf8 = new TextEncoder();

/** By code point, as the log sorts its keys. @param {string} a @param {string} b */
function byCodePoint(a, b) {
  const [x, y] = [Array.from(a), Array.from(b)];
  for (let i = 0; i < Math.min(x.length, y.length); i += 1) {
    const differs = (x[i]?.codePointAt(0) ?? 0) - (y[i]?.codePointAt(0) ?? 0);
    if (differs) {
      return differs;
    }
  }
  return x.length - y.length;
}

/** @param {any} value @returns {string} */
export function canonical(value) {
  if (Array.isArray(value)) {
    return `[${value.map(canonical).join(",")}]`;
  }
  if (value && typeof value === "object") {
    return `{${Object.keys(value).sort(byCodePoint).map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

/** @param {string} salt @param {string} text */
const committed = (salt, text) => hex(hmac(plainSha256, unhex(salt), utf8.encode(text)));

/** @param {Uint8Array} bytes */
const parsed = (bytes) => JSON.parse(new TextDecoder().decode(bytes));

/** @param {any} said @param {Open} open @param {Uint8Array} key @returns {Promise<Head | null>} */
async function headOf(said, open, key) {
  const [bytes, signature] = [await open(String(said.file)), await open(String(said.signature))];
  if (!bytes || !signature || !isSignedBy(key, bytes, signature)) {
    return null;
  }
  const { size, root, at } = parsed(bytes);
  return size === said.size && /^[0-9a-f]{64}$/u.test(root) ? { size, root, at, bytes } : null;
}

/** @param {any} entry @param {any} log @param {Head} head @param {number} last */
async function isEntryRight(entry, log, head, last) {
  const leaf = JSON.parse(entry.leaf);
  return (
    Number.isSafeInteger(entry.index) &&
    entry.index > last &&
    leaf.index === entry.index &&
    leaf.case === committed(log.salt, String(log.case_id)) &&
    leaf.detail === committed(log.salt, canonical({ snapshot_id: entry.snapshot_id, data: entry.data })) &&
    canonical(leaf) === entry.leaf &&
    (await isIncluded(entry.leaf, entry.index - 1, head.size, entry.path, head.root))
  );
}

/** @param {any} value @returns {any[]} */
const list = (value) => (Array.isArray(value) ? value : []);

/** Which entry first names a digest of a snapshot. @param {any} log @returns {Map<string, number>} */
const known = (log) => new Map([...log.entries].reverse().map((one) => [`${one.snapshot_id} ${one.data?.digest}`, one.index]));

/** Each capture's digest must be in an entry of its snapshot. @param {any} index @param {Map<string, number>} digests */
function isAllLogged(index, digests) {
  const all = [...list(index.files), ...list(index.withheld)].filter((one) => ["original", "clip", "rendition"].includes(one.role));
  return all.every((one) => digests.has(`${one.snapshot_id} ${one.sha256}`));
}

/**
 * What is found wrong in the extract, or the notes on it. Throws on what is not of its format.
 * @param {any} log @param {any} index @param {Open} open @param {import("./check.js").Means} means
 * @returns {Promise<{ verdict: Verdict, reasons: Reason[] }>}
 */
async function measured(log, index, open, { pin }) {
  /** @type {(verdict: Verdict, code: string) => { verdict: Verdict, reasons: Reason[] }} */
  const is = (verdict, code) => ({ verdict, reasons: [[code, {}]] });
  const chain = certificates(new TextDecoder().decode((await open("trust/log.pem")) ?? new Uint8Array()));
  const key = chain[0]?.key;
  const head = key && (await headOf(log.head, open, key));
  if (!key || !head) {
    return is("altered", "head_wrong");
  }
  if (pin && !(chain[0] && maySignHeads(chain[0]) && certificates(pin.pem).some((root) => keyUnder(chain, root, null)))) {
    return is("foreign-seal", "other_root");
  }
  let last = 0;
  for (const entry of log.entries) {
    if (!(await isEntryRight(entry, log, head, last).catch(() => false))) {
      return is("altered", "entry_wrong");
    }
    last = entry.index;
  }
  const digests = known(log);
  if (!isAllLogged(index, digests)) {
    return is("incomplete", "not_in_log");
  }
  /** @type {{ size: number, at: string, authority: string }[]} */
  const tokens = [];
  for (const said of list(log.stamped)) {
    const stamped = await headOf(said, open, key);
    if (!stamped || !(await isBeginning(stamped.size, stamped.root, head.size, head.root, said.consistency))) {
      return is("altered", "head_wrong");
    }
    const digest = hex(await sha256(stamped.bytes));
    for (const path of said.tokens) {
      const token = tokenOf((await open(String(path))) ?? new Uint8Array());
      if (!token || token.imprint !== digest) {
        return is("altered", "time_wrong");
      }
      tokens.push({ size: stamped.size, at: token.at, authority: token.authority });
    }
  }
  return { verdict: "genuine", reasons: timeNotes(index, digests, tokens) };
}

/** The newest stamp, and how late the latest original was covered. @param {any} index @param {Map<string, number>} digests @param {{ size: number, at: string, authority: string }[]} tokens @returns {Reason[]} */
function timeNotes(index, digests, tokens) {
  const newest = [...tokens].sort((a, b) => b.size - a.size)[0];
  if (!newest) {
    return [["not_stamped", {}]];
  }
  const late = list(index.files).map((one) => {
    const at = digests.get(`${one.snapshot_id} ${one.sha256}`) ?? 0;
    const covering = tokens.filter(({ size }) => at > 0 && size >= at).map((token) => Date.parse(token.at));
    const isTimed = ["original", "clip"].includes(one.role) && typeof one.captured_at === "string" && covering.length > 0;
    return isTimed ? Math.round((Math.min(...covering) - Date.parse(one.captured_at)) / 1000) : 0;
  });
  const latest = Math.max(0, ...late);
  /** @type {Reason[]} */
  const notes = [["stamped", { at: newest.at, authority: newest.authority, n: String(newest.size) }]];
  return [...notes, ...(latest > LATE_S ? /** @type {Reason[]} */ ([["late", { seconds: String(latest) }]]) : []), ["time_unchecked", {}]];
}

/**
 * @param {any} log the extract @param {any} index @param {Open} open @param {import("./check.js").Means} means
 * @returns {Promise<{ verdict: Verdict, reasons: Reason[] }>}
 */
export async function checkLog(log, index, open, means) {
  try {
    return await measured(log, index, open, means);
  } catch {
    return { verdict: "altered", reasons: [["entry_wrong", {}]] };
  }
}
