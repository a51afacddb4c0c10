// From what the C2PA reader found to a verdict: section 6 of PACKAGE.md, in its order.
import { hasRemains } from "./jumbf.js";
import { isAsSealed } from "./structure.js";

/** @typedef {import("./verdict.js").Checked} Checked */
/** @typedef {import("./verdict.js").Verdict} Verdict */
/** @typedef {import("./verdict.js").Reason} Reason */

const LABELS = /** @type {Record<string, string>} */ ({ "nl.videodesk.capture": "capture", "nl.videodesk.opened": "opened", "nl.videodesk.rendition": "rendition" });
const CHANGED = ["assertion.dataHash.mismatch", "assertion.bmffHash.mismatch", "assertion.boxesHash.mismatch"];
const EXPIRED = ["signingCredential.expired", "claimSignature.outsideValidity"];
const CREDENTIAL = "signingCredential.";
const FACTS = [
  "original_id", "rendition_id", "snapshot_id", "case_id", "call_id", "method", "captured_at", "made_at", "frame_seq", "rtp_time", "codec",
  "consent_digest", "received_digest", "location", "taken_from", "duration_s", "content_digest", "annotation_revision", "has_redaction",
];

/** @param {any} value @returns {any[]} */
const list = (value) => (Array.isArray(value) ? value : []);

/** @param {any} results @returns {string[]} */
const codes = (results) => list(results?.failure).map((one) => String(one?.code));

/** What failed in ingredients: found now, and found when the seal was made. @param {any} manifest @param {any} results @param {boolean} isPinned */
function ingredientFailures(manifest, results, isPinned) {
  const now = list(results.ingredientDeltas).flatMap((one) => codes(one?.validationDeltas));
  const then = list(manifest.ingredients).flatMap((one) => [
    ...codes(one?.validation_results?.activeManifest),
    ...list(one?.validation_results?.ingredientDeltas).flatMap((delta) => codes(delta?.validationDeltas)),
  ]);
  return [...now, ...then].filter((code) => isPinned || !code.startsWith(CREDENTIAL));
}

/** Our own assertion, when there is exactly one. @param {any} manifest @returns {{ label: string, data: Record<string, any> } | null} */
function assertion(manifest) {
  const own = list(manifest.assertions).filter((one) => Object.hasOwn(LABELS, String(one?.label ?? "").split("__")[0] ?? ""));
  const [first] = own;
  return own.length === 1 && Object.hasOwn(LABELS, first.label) && first.data?.v === 1 ? first : null;
}

/** What the seal says, as text. @param {any} manifest */
function factsOf(manifest) {
  /** @type {Record<string, string>} */
  const facts = { sealed_by: [manifest.signature_info?.issuer, manifest.signature_info?.common_name].filter(Boolean).map(String).join(" · ").slice(0, 200) };
  const own = assertion(manifest);
  if (own) {
    facts["seal"] = LABELS[own.label] ?? "";
    for (const key of FACTS) {
      const value = own.data[key];
      if (["string", "number", "boolean"].includes(typeof value)) {
        facts[key] = String(value).slice(0, 200);
      }
    }
  }
  return facts;
}

/**
 * The verdict on a picture by its seal.
 * @param {string} file @param {Uint8Array} bytes @param {import("./reader.js").Read} read @param {import("./check.js").Pin} pin
 * @returns {Checked}
 */
export function conclude(file, bytes, read, pin) {
  /** @type {(verdict: Verdict, code: string, facts?: Record<string, string>) => Checked} */
  const is = (verdict, code, facts = {}) => ({ file, verdict, reasons: [[code, {}]], facts });
  if (read.error.startsWith("reader.")) {
    return is("uncheckable", "unreadable");
  }
  const { store } = read;
  if (!store) {
    return hasRemains(bytes) ? is("altered", "seal_broken") : is("no-seal", "no_seal");
  }
  const manifest = store.manifests && Object.hasOwn(store.manifests, store.active_manifest) ? store.manifests[store.active_manifest] : null;
  const results = store.validation_results;
  if (!manifest || !results) {
    return is("altered", "seal_broken");
  }
  const facts = factsOf(manifest);
  const failed = codes(results.activeManifest);
  const isExpired = failed.some((code) => EXPIRED.includes(code));
  const bad = failed.filter((code) => !code.startsWith(CREDENTIAL) && !code.startsWith("timeStamp.") && !EXPIRED.includes(code));
  if (bad.length) {
    return is("altered", bad.some((code) => CHANGED.includes(code)) ? "picture_changed" : "seal_broken", facts);
  }
  if (store.validation_state === "Invalid" && !isExpired && !ingredientFailures(manifest, results, true).length) {
    return is("altered", "seal_broken", facts);
  }
  const inParts = ingredientFailures(manifest, results, Boolean(pin));
  if (!inParts.every((code) => code.startsWith(CREDENTIAL))) {
    return is("altered", "ingredient_changed", facts);
  }
  // Past its end a certificate leads nowhere for the reader, its own root included: nothing can be said then of whose a seal is.
  if (inParts.length && !isExpired && !inParts.some((code) => EXPIRED.includes(code))) {
    return is("foreign-seal", "foreign_ingredient", facts);
  }
  if (!pin) {
    return is("uncheckable", "no_pinned_root", facts);
  }
  if (isExpired) {
    return is("uncheckable", "certificate_expired", facts);
  }
  if (store.validation_state !== "Trusted" || failed.length) {
    return is("foreign-seal", "other_root", facts);
  }
  if (!isAsSealed(bytes)) {
    return is("altered", "seal_broken", facts); // others may write theirs in other ways: only of ours is it known
  }
  return good(file, manifest, facts);
}

/** @param {string} file @param {any} manifest @param {Record<string, string>} facts @returns {Checked} */
function good(file, manifest, facts) {
  const own = assertion(manifest);
  if (!own) {
    return { file, verdict: "uncheckable", reasons: [["unknown_assertion", {}]], facts };
  }
  /** @type {Reason[]} */
  const notes = facts["seal"] === "opened" ? [["opened_file", {}]] : [];
  if (own.data["content_digest"] && facts["seal"] !== "rendition") {
    notes.push(["seals_clip", {}]);
  }
  return { file, verdict: facts["seal"] === "rendition" ? "genuine-rendition" : "genuine", reasons: notes, facts };
}
