// What the page remembers: which device this is (kept), the customer's token (this tab only), the chosen language.
// Storage may be forbidden (private windows, strict settings): then it lasts as long as the page.

/** @type {Map<string, string>} */
const fallback = new Map();

/**
 * @param {"local" | "session"} where
 * @param {string} name
 * @returns {string | null}
 */
export function recall(where, name) {
  try {
    return (where === "local" ? localStorage : sessionStorage).getItem(`videodesk.${name}`) ?? fallback.get(name) ?? null;
  } catch {
    return fallback.get(name) ?? null;
  }
}

/**
 * @param {"local" | "session"} where
 * @param {string} name
 * @param {string | null} value null forgets
 */
export function remember(where, name, value) {
  if (value === null) {
    fallback.delete(name);
  } else {
    fallback.set(name, value);
  }
  try {
    const storage = where === "local" ? localStorage : sessionStorage;
    if (value === null) {
      storage.removeItem(`videodesk.${name}`);
    } else {
      storage.setItem(`videodesk.${name}`, value);
    }
  } catch {
    // kept in `fallback`
  }
}

/**
 * A random name, 22 characters or more of base64url.
 * @param {number} [bytes]
 * @returns {string}
 */
export function randomName(bytes = 18) {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return btoa(String.fromCharCode(...random)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * A UUIDv7 (RFC 9562 §5.7).
 * @returns {string}
 */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let at = Date.now();
  for (let index = 5; index >= 0; index -= 1) {
    bytes[index] = at % 256;
    at = Math.floor(at / 256);
  }
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/**
 * This device's name, made once. An invitation belongs to the first device that opened it.
 * @returns {string}
 */
export function device() {
  const known = recall("local", "device");
  if (known) {
    return known;
  }
  const made = randomName(24);
  remember("local", "device", made);
  return made;
}
