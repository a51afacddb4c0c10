// The HTTP side of the page: /api/v1. A refusal is a value with a code, never an exception.

/** @typedef {import("./types").JoinView} JoinView */
/** @typedef {import("./types").ServiceInfo} ServiceInfo */
/** @typedef {import("./types").ConsentView} ConsentView */
/** @typedef {import("./types").ConsentIn} ConsentIn */
/** @typedef {import("./types").ExchangeIn} ExchangeIn */
/** @typedef {import("./types").CopyView} CopyView */
/** @typedef {import("./types").CopyOpened} CopyOpened */
/** @typedef {{code: string, status: number, params: Record<string, unknown>}} Refusal */
/**
 * @template Value
 * @typedef {{ok: true, value: Value} | {ok: false, refusal: Refusal}} Outcome
 */

export const ROOT = "/api/v1";
const TIMEOUT_MS = 15_000;

/**
 * What a problem+json body says, or the nearest code when there is none.
 * @param {number} status
 * @param {unknown} body
 * @returns {Refusal}
 */
export function refusalOf(status, body) {
  const problem = /** @type {{code?: unknown, params?: unknown}} */ (body !== null && typeof body === "object" ? body : {});
  const code = typeof problem.code === "string" ? problem.code : status === 0 || status >= 500 ? "service.offline" : "service.bug";
  return { code, status, params: /** @type {Record<string, unknown>} */ (problem.params ?? {}) };
}

/**
 * @template Value
 * @param {string} path
 * @param {{method?: string, token?: string, body?: unknown, takesCookie?: boolean}} request
 * @returns {Promise<Outcome<Value>>}
 */
async function ask(path, { method = "GET", token, body, takesCookie = false }) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), TIMEOUT_MS);
  try {
    const response = await fetch(ROOT + path, {
      method,
      signal: stop.signal,
      cache: "no-store",
      credentials: takesCookie ? "same-origin" : "omit",
      headers: {
        Accept: "application/json",
        ...(token ? { Authorization: `Bearer ${token}` } : {}),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = /** @type {unknown} */ (await response.json().catch(() => null));
    return response.ok && answer !== null
      ? { ok: true, value: /** @type {Value} */ (answer) }
      : { ok: false, refusal: refusalOf(response.status, answer) };
  } catch {
    return { ok: false, refusal: refusalOf(0, null) };
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Link or code in, the customer's token out.
 * @param {ExchangeIn} body
 * @returns {Promise<Outcome<JoinView>>}
 */
export function exchange(body) {
  return ask("/join/exchange", { method: "POST", body });
}

/**
 * @param {string} token
 * @returns {Promise<Outcome<JoinView>>}
 */
export function state(token) {
  return ask("/join/state", { token });
}

/**
 * @param {string} token
 * @param {ConsentIn} body
 * @returns {Promise<Outcome<ConsentView>>}
 */
export function consent(token, body) {
  return ask("/join/consent", { method: "POST", token, body });
}

/**
 * Whose service this is.
 * @returns {Promise<Outcome<ServiceInfo>>}
 */
export function info() {
  return ask("/info", {});
}

/**
 * The copy of the pictures of this customer's own call.
 * @param {string} token
 * @returns {Promise<Outcome<CopyView>>}
 */
export function myCopy(token) {
  return ask("/join/copy", { token });
}

/**
 * What the link of a copy opens. Its pictures and files are then plain links: a cookie that no script sees goes with them.
 * @param {string} token
 * @returns {Promise<Outcome<CopyOpened>>}
 */
export function openCopy(token) {
  return ask("/copy/open", { method: "POST", body: { token }, takesCookie: true });
}
