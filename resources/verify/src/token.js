// What an RFC 3161 token says: when, of what, by whom. Its own signature is left to other programs (HOW-TO-VERIFY.txt).
import { hex } from "./der.js";
import { inside, node, time } from "./der.js";

const TST_INFO = "060b2a864886f70d0109100104";
const SHA256 = "0609608648016503040201";

/** @param {Uint8Array} der @param {import("./der.js").Node} from @param {(one: import("./der.js").Node) => boolean} is @param {number} [depth] @returns {import("./der.js").Node | null} */
function found(der, from, is, depth = 0) {
  if (is(from)) {
    return from;
  }
  if (!(from.tag & 0x20) || depth > 12) {
    return null;
  }
  for (const one of inside(der, from)) {
    const hit = found(der, one, is, depth + 1);
    if (hit) {
      return hit;
    }
  }
  return null;
}

/** @param {Uint8Array} der a TimeStampResp @returns {{ at: string, imprint: string, authority: string } | null} */
export function tokenOf(der) {
  try {
    const whole = node(der, 0, der.length);
    const content = found(der, whole, (one) => one.tag === 0x30 && hex(der.subarray(one.from, Math.min(one.to, one.from + 13))) === TST_INFO);
    const octets = content && found(der, content, (one) => one.tag === 0x04);
    if (!octets) {
      return null;
    }
    const info = inside(der, node(der, octets.from, octets.to));
    const [algorithm, digest] = info[2] ? inside(der, info[2]) : [];
    const at = info.find((one) => one.tag === 0x18);
    if (!algorithm || !digest || !at || !hex(der.subarray(algorithm.from, algorithm.to)).startsWith(SHA256)) {
      return null;
    }
    const moment = new Date(time(String.fromCharCode(...der.subarray(at.from, at.to)), 0x18));
    return { at: moment.toISOString(), imprint: hex(der.subarray(digest.from, digest.to)), authority: authorityOf(der, info) };
  } catch {
    return null;
  }
}

/** The common name of the authority, if the token says it. @param {Uint8Array} der @param {import("./der.js").Node[]} info */
function authorityOf(der, info) {
  const named = info.find((one) => one.tag === 0xa0);
  const pair = named && found(der, named, (one) => one.tag === 0x30 && hex(der.subarray(one.from, one.from + 5)) === "0603550403");
  const value = pair && inside(der, pair)[1];
  return value ? new TextDecoder().decode(der.subarray(value.from, value.to)) : "";
}
