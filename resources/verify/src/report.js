// The verdict on a report by its own signature (PAdES: a CMS signature over all bytes but itself): section 7 of PACKAGE.md.
import { certificate, chainOf, hex, inside, isSignedBy, keyUnder, maySignPackages, node, sha256 } from "./der.js";

/** @typedef {import("./verdict.js").Checked} Checked */
/** @typedef {import("./der.js").Certificate} Certificate */

const SIGNED_DATA = "06092a864886f70d010702";
const MESSAGE_DIGEST = "06092a864886f70d010904";
const SHA256 = "0609608648016503040201";
const MOST_CHAIN = 8;
const RANGE = /\/ByteRange\s*\[\s*(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})\s*\]/u;
const ENDING = /startxref\s+\d+\s+%%EOF\s*$/u;

/** What a signature says: over which digest, by whom, and with which certificates. @typedef {{ digest: string, attributes: Uint8Array, value: Uint8Array, signer: Certificate, others: Certificate[] }} Signature */

/** @param {Uint8Array} der @param {import("./der.js").Node | undefined} one */
const whole = (der, one) => (one ? hex(der.subarray(one.start, one.to)) : "");

/** @param {Uint8Array<ArrayBuffer>} der @param {import("./der.js").Node | undefined} list @returns {Certificate[]} */
function carried(der, list) {
  return (list ? inside(der, list) : []).flatMap((one) => {
    try {
      return [certificate(der.slice(one.start, one.to))];
    } catch {
      return []; // of another kind: none of ours
    }
  });
}

/** A CMS SignedData (RFC 5652). Throws on anything that is not one of ours. @param {Uint8Array<ArrayBuffer>} der @returns {Signature} */
function signatureOf(der) {
  const [kind, content] = inside(der, node(der, 0, der.length));
  const data = content && inside(der, content)[0];
  if (whole(der, kind) !== SIGNED_DATA || !data) {
    throw new Error("cms");
  }
  const fields = inside(der, data);
  const certificates = carried(der, fields.find((one) => one.tag === 0xa0));
  const signers = fields.at(-1);
  const info = signers && inside(der, signers)[0];
  const [, name, algorithm, attributes, , value] = info ? inside(der, info) : [];
  if (!name || !algorithm || attributes?.tag !== 0xa0 || value?.tag !== 0x04 || !whole(der, algorithm).includes(SHA256)) {
    throw new Error("cms");
  }
  const digest = inside(der, attributes).map((one) => inside(der, one)).find(([type]) => whole(der, type) === MESSAGE_DIGEST)?.[1];
  const [issuer, serial] = inside(der, name);
  const signer = certificates.find((one) => one.issuer === whole(der, issuer) && one.serial === whole(der, serial));
  const octets = digest && inside(der, digest)[0];
  if (!signer || !octets) {
    throw new Error("cms");
  }
  const signed = der.slice(attributes.start, attributes.to);
  signed[0] = 0x31; // signed as the SET it is (RFC 5652, 5.4)
  return { digest: hex(der.subarray(octets.from, octets.to)), attributes: signed, value: der.subarray(value.from, value.to), signer, others: certificates.filter((one) => one !== signer) };
}

/** The signer's certificate, then those that came along, each the issuer of the one before. @param {Signature} signature */
function chainFrom({ signer, others }) {
  const chain = [signer];
  while (chain.length < MOST_CHAIN) {
    const issuer = others.find((one) => one.subject === chain.at(-1)?.issuer && !chain.includes(one));
    if (!issuer) {
      break;
    }
    chain.push(issuer);
  }
  return chain;
}

/** What is signed, and the signature: all bytes of the file but itself. @param {Uint8Array<ArrayBuffer>} bytes @param {RegExpExecArray} range */
function parted(bytes, range) {
  const [a = 0, b = 0, c = 0, d = 0] = range.slice(1).map(Number);
  const text = new TextDecoder("latin1").decode(bytes.subarray(b, c));
  const digits = /^<([0-9a-fA-F]+)>$/u.exec(text)?.[1];
  if (a !== 0 || b >= c || c + d !== bytes.length || !digits || digits.length % 2) {
    throw new Error("range");
  }
  const signed = new Uint8Array(b + d);
  signed.set(bytes.subarray(0, b));
  signed.set(bytes.subarray(c), b);
  return { signed, der: Uint8Array.from(digits.match(/../gu) ?? [], (two) => Number.parseInt(two, 16)) };
}

/** One PDF by its own signature. @param {string} file @param {Uint8Array<ArrayBuffer>} bytes @param {import("./check.js").Means} means @returns {Promise<Checked>} */
export async function checkReport(file, bytes, { pin, now }) {
  /** @type {(verdict: import("./verdict.js").Verdict, code?: string) => Checked} */
  const is = (verdict, code) => ({ file, verdict, reasons: code ? [[code, {}]] : [], facts: {} });
  const range = RANGE.exec(new TextDecoder("latin1").decode(bytes));
  if (!range) {
    // Without a signature: a whole document, or the rest of one.
    return ENDING.test(new TextDecoder("latin1").decode(bytes.subarray(-1024))) ? is("no-seal", "no_seal") : is("altered", "report_changed");
  }
  let chain;
  try {
    const { signed, der } = parted(bytes, range);
    const signature = signatureOf(der);
    if (signature.digest !== hex(await sha256(signed)) || !isSignedBy(signature.signer.key, signature.attributes, signature.value)) {
      return is("altered", "report_changed");
    }
    chain = chainFrom(signature);
  } catch {
    return is("altered", "report_changed");
  }
  if (!pin) {
    return is("uncheckable", "no_pinned_root");
  }
  const roots = chainOf(pin.pem);
  const [signer] = chain;
  if (!signer || !maySignPackages(signer) || !roots.some((root) => keyUnder(chain, root, null))) {
    return is("foreign-seal", "other_root");
  }
  return roots.some((root) => keyUnder(chain, root, now)) ? is("genuine") : is("uncheckable", "certificate_expired");
}
