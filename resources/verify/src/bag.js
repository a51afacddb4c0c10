// A whole package, file by file: section 8 of PACKAGE.md, as sealing/package_check.py does.
import { bytesOf, checkPicture, digestOf } from "./check.js";
import { checkLog } from "./custody.js";
import { chainOf, hex, isSignedBy, keyUnder, maySignPackages, sha256 } from "./der.js";
import { checkReport } from "./report.js";
import { isGood, worst } from "./verdict.js";
import { contentOf, isName, openArchive, Refused } from "./zip.js";

/** @typedef {import("./verdict.js").Checked} Checked */
/** @typedef {import("./verdict.js").Verdict} Verdict */
/** @typedef {import("./verdict.js").Reason} Reason */
/** @typedef {{ verdict: Verdict, reasons: Reason[], facts?: Record<string, string> }} Outcome */

const TAGS = "tagmanifest-sha256.txt";
const MANIFEST = "manifest-sha256.txt";
const INDEX = "package.json";
const SIGNATURE = "signature.der";
const NEEDED = ["bagit.txt", MANIFEST, TAGS, INDEX];
const PICTURES = ["original", "clip-seal", "rendition"];
const LINE_ENDS = /[\n\r\v\f\u0085\u2028\u2029]/u;
const LARGEST_TEXT = 64 * 1024 * 1024;
const REFUSALS = /** @type {Record<string, Verdict>} */ ({
  container_damaged: "altered", truncated: "incomplete", too_large: "uncheckable", unknown_kind: "uncheckable", newer_version: "uncheckable",
});

/** @type {(verdict: Verdict, code?: string, params?: Record<string, string>) => Outcome} */
const is = (verdict, code, params = {}) => ({ verdict, reasons: code ? [[code, params]] : [] });

/** What the index says of one file must be what its seal says. @param {Checked} checked @param {any} entry @param {any} index @returns {Checked} */
export function measuredByIndex(checked, entry, index) {
  if (checked.verdict === "no-seal" && entry.seal === "none") {
    return { ...checked, reasons: [["unsealed_original", {}]] };
  }
  if (!isGood(checked.verdict)) {
    return checked;
  }
  const own = entry.role === "rendition" ? "rendition_id" : "original_id";
  const wanted = /** @type {Record<string, any>} */ ({ seal: entry.seal, snapshot_id: entry.snapshot_id, case_id: index.case?.id, [own]: entry[own] });
  return Object.entries(wanted).every(([key, value]) => checked.facts[key] === value) ? checked : { ...checked, verdict: "altered", reasons: [["facts_differ", {}]] };
}

/** One check of one package. */
class PackageCheck {
  /** @param {Map<string, Blob>} files @param {import("./check.js").Means} means */
  constructor(files, means) {
    this.files = files;
    this.means = means;
    /** @type {Map<string, string>} */
    this.digests = new Map();
    /** @type {Map<string, string>} */
    this.expected = new Map();
    /** @type {any} */
    this.index = {};
    /** @type {Map<string, any>} */
    this.listed = new Map();
    /** Why the package's signature is not good. @type {Outcome | null} */
    this.signed = null;
  }

  /** @param {string} name @returns {Promise<Uint8Array<ArrayBuffer>>} */
  async bytes(name) {
    const blob = this.files.get(name);
    return blob && blob.size <= LARGEST_TEXT ? bytesOf(blob) : new Uint8Array();
  }

  /** @param {string} name */
  async text(name) {
    return new TextDecoder().decode(await this.bytes(name));
  }

  /** @param {string} name @returns {Promise<any>} */
  async json(name) {
    try {
      const value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await this.bytes(name)));
      return value && typeof value === "object" && !Array.isArray(value) ? value : {};
    } catch {
      return {};
    }
  }

  /** @param {string} name @param {(path: string) => boolean} isIts */
  async sums(name, isIts) {
    const lines = (await this.text(name)).split(LINE_ENDS).flatMap((line) => Array.from(line.matchAll(/^([0-9a-f]{64}) {2}(\S+)$/gu)));
    const sums = lines.map(([, digest, path]) => /** @type {[string, string]} */ ([path, digest]));
    return sums.filter(([path]) => isName(path) && isIts(path) && path !== TAGS && path !== SIGNATURE);
  }

  /** @returns {Promise<Checked[]>} */
  async items() {
    if (![...NEEDED, SIGNATURE].some((one) => this.files.has(one))) {
      throw new Refused("unknown_kind");
    }
    if (Array.from(this.files).some(([name, blob]) => !name.startsWith("data/") && blob.size > LARGEST_TEXT)) {
      throw new Refused("too_large");
    }
    const isPayload = (/** @type {string} */ path) => path.startsWith("data/");
    this.expected = new Map([...(await this.sums(TAGS, (path) => !isPayload(path))), ...(await this.sums(MANIFEST, isPayload))]);
    this.index = await this.json(INDEX);
    if (Object.keys(this.index).length && (this.index.format !== "videodesk.package" || !Number.isInteger(this.index.version) || this.index.version > 1)) {
      throw new Refused("newer_version");
    }
    for (const one of Array.isArray(this.index.files) ? this.index.files : []) {
      if (typeof one?.path === "string" && isName(one.path) && !this.listed.has(one.path)) {
        this.listed.set(one.path, one);
      }
    }
    for (const [name, blob] of this.files) {
      this.digests.set(name, await digestOf(blob));
    }
    this.signed = await this.signature();
    const names = Array.from(new Set([...this.listed.keys(), ...this.files.keys(), ...this.expected.keys(), ...NEEDED, SIGNATURE]));
    /** @type {Map<string, Checked>} */
    const found = new Map();
    const isClip = (/** @type {string} */ name) => this.listed.get(name)?.role === "clip";
    await Promise.all(names.filter((one) => !isClip(one)).map(async (name) => found.set(name, this.told(name, await this.checked(name)))));
    for (const name of names.filter(isClip)) {
      found.set(name, this.told(name, this.clip(name, found)));
    }
    return names.map((one) => /** @type {Checked} */ (found.get(one)));
  }

  /** @param {string} file @param {Outcome} outcome @returns {Checked} */
  told(file, outcome) {
    return { file, verdict: outcome.verdict, reasons: outcome.reasons, facts: { ...outcome.facts, ...(this.digests.has(file) ? { digest: this.digests.get(file) ?? "" } : {}) } };
  }

  /** @param {string} name @returns {Promise<Outcome>} */
  async checked(name) {
    if (name === SIGNATURE) {
      return this.signed ?? is("genuine");
    }
    const bad = this.notAsListed(name);
    if (bad) {
      return bad;
    }
    if (name === INDEX && !Object.keys(this.index).length) {
      return is("uncheckable", "unreadable");
    }
    const entry = this.listed.get(name) ?? {};
    if (PICTURES.includes(entry.role)) {
      const blob = /** @type {Blob} */ (this.files.get(name));
      return measuredByIndex(await checkPicture(this.means, name, blob), entry, this.index);
    }
    if (entry.role === "custody") {
      const open = async (/** @type {string} */ path) => (this.files.has(path) && !this.notAsListed(path) ? this.bytes(path) : null);
      const found = await checkLog(await this.json(name), this.index, open, this.means);
      return isGood(found.verdict) && this.signed ? this.plain() : found;
    }
    if (entry.role === "report" && !this.signed) {
      return checkReport(name, await this.bytes(name), this.means);
    }
    return this.plain();
  }

  /** @returns {Outcome} */
  plain() {
    return this.signed ? is(this.signed.verdict, "package_signature") : is("genuine");
  }

  /** Whether a file is here, and is what the manifests and the index say. @param {string} name @returns {Outcome | null} */
  notAsListed(name) {
    const digest = this.digests.get(name);
    if (digest === undefined) {
      return is("incomplete", "file_missing");
    }
    if (name === TAGS) {
      return null;
    }
    const wanted = this.expected.get(name);
    if (wanted === undefined) {
      return this.files.has(name.startsWith("data/") ? MANIFEST : TAGS) ? is("altered", "unlisted_file") : null;
    }
    if (wanted !== digest) {
      const other = Array.from(this.expected).find(([, one]) => one === digest)?.[0];
      return other === undefined ? is("altered", "digest_differs") : is("altered", "swapped", { other });
    }
    const entry = this.listed.get(name);
    if (name.startsWith("data/") && Object.keys(this.index).length && (!entry || entry.sha256 !== digest || entry.size_bytes !== this.files.get(name)?.size)) {
      return is("altered", "index_differs");
    }
    return null;
  }

  /** @param {string} name @param {Map<string, Checked>} found @returns {Outcome} */
  clip(name, found) {
    const bad = this.notAsListed(name);
    if (bad) {
      return bad;
    }
    const other = this.listed.get(name).clip_seal;
    const seal = typeof other === "string" ? found.get(other) : undefined;
    if (!seal) {
      return is("no-seal", "unsealed_original");
    }
    if (!isGood(seal.verdict)) {
      return is(seal.verdict, "clip_seal_bad", { other });
    }
    return { ...(seal.facts["content_digest"] === this.digests.get(name) ? is("genuine") : is("altered", "clip_differs")), facts: seal.facts };
  }

  /** @returns {Promise<Outcome | null>} */
  async signature() {
    if (!this.files.has(SIGNATURE)) {
      return is("no-seal", "no_signature");
    }
    if (!this.files.has(TAGS) || !this.files.has("trust/seal.pem")) {
      return is("incomplete", "file_missing");
    }
    const chain = chainOf(await this.text("trust/seal.pem"));
    if (!chain[0] || !isSignedBy(chain[0].key, await this.bytes(TAGS), await this.bytes(SIGNATURE))) {
      return is("altered", "signature_wrong");
    }
    const { pin, now } = this.means;
    if (!pin) {
      const root = chainOf(await this.text("trust/root.pem"))[0];
      return is("uncheckable", "no_pinned_root", { fingerprint: root ? hex(await sha256(root.der)) : "" });
    }
    const roots = chainOf(pin.pem);
    if (!maySignPackages(chain[0]) || !roots.some((root) => keyUnder(chain, root, null))) {
      return is("foreign-seal", "other_root");
    }
    return roots.some((root) => keyUnder(chain, root, now)) ? null : is("uncheckable", "certificate_expired");
  }
}

/**
 * A package in a ZIP: the verdict on each file in the order of the index, the whole's, the index, and the files.
 * @param {import("./check.js").Means} means @param {string} name @param {Blob} blob
 * @returns {Promise<{ whole: Checked, items: Checked[], index: any, files: Map<string, Blob> }>}
 */
export async function checkPackage(means, name, blob) {
  try {
    const archive = await openArchive(blob);
    const files = new Map();
    for (const [path, entry] of archive.files) {
      files.set(path, await contentOf(blob, entry));
    }
    const check = new PackageCheck(files, means);
    const items = (await check.items()).map((one) => (one.file === SIGNATURE ? { ...one, reasons: [...one.reasons, ...notes(check.index, archive.isRezipped)] } : one));
    items.push(...archive.strange.map((file) => ({ file, facts: {}, ...is("altered", "unlisted_file") })));
    return { whole: { file: name, verdict: worst(items.map((one) => one.verdict)), reasons: [], facts: {} }, items, index: check.index, files };
  } catch (error) {
    const code = error instanceof Refused ? error.code : "unreadable";
    const item = { file: name, facts: {}, ...is(REFUSALS[code] ?? "uncheckable", code) };
    return { whole: item, items: [item], index: null, files: new Map() };
  }
}

/** What is to be known of a package as a whole. @param {any} index @param {boolean} isRezipped @returns {Reason[]} */
function notes(index, isRezipped) {
  const withheld = Array.isArray(index.withheld) ? index.withheld.length : 0;
  return /** @type {Reason[]} */ ([...(withheld ? [["withheld", { n: String(withheld) }]] : []), ...(isRezipped ? [["rezipped", {}]] : [])]);
}
