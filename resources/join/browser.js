// What the browser is and can, where the words depend on it. Only the help for a blocked camera does.

/** @typedef {"chrome_android" | "samsung" | "firefox_android" | "safari_ios" | "other_ios" | "chrome" | "firefox" | "safari" | "in_app"} BrowserKind */

/**
 * Which help fits this browser.
 * @param {string} agent navigator.userAgent
 * @param {number} touchPoints navigator.maxTouchPoints (an iPad says that it is a Mac)
 * @returns {BrowserKind}
 */
export function browserKind(agent, touchPoints) {
  if (/FBAN|FBAV|Instagram|Line\/|; wv\)|GSA\/|Snapchat|TikTok/i.test(agent)) {
    return "in_app";
  }
  if (/iPhone|iPad|iPod/.test(agent) || (agent.includes("Macintosh") && touchPoints > 1)) {
    return /CriOS|FxiOS|EdgiOS|OPT\//.test(agent) ? "other_ios" : "safari_ios";
  }
  if (agent.includes("Android")) {
    return agent.includes("SamsungBrowser") ? "samsung" : agent.includes("Firefox") ? "firefox_android" : "chrome_android";
  }
  if (agent.includes("Firefox")) {
    return "firefox";
  }
  return agent.includes("Safari") && !/Chrom|Edg/.test(agent) ? "safari" : "chrome";
}

/** Whether this browser can make a call at all. @returns {boolean} */
export function canCall() {
  return typeof RTCPeerConnection === "function" && typeof WebSocket === "function" && "addTransceiver" in RTCPeerConnection.prototype;
}

/** Keeps the screen on while `isWanted`; asked for again when the page comes back. */
export class WakeLock {
  constructor() {
    this.isWanted = false;
    /** @type {WakeLockSentinel | null} */
    this.lock = null;
    document.addEventListener("visibilitychange", () => void this.apply());
  }

  /** @param {boolean} isWanted */
  want(isWanted) {
    this.isWanted = isWanted;
    void this.apply();
  }

  async apply() {
    try {
      if (!this.isWanted) {
        await this.lock?.release();
        this.lock = null;
      } else if (document.visibilityState === "visible" && (!this.lock || this.lock.released)) {
        this.lock = (await navigator.wakeLock?.request("screen")) ?? null;
      }
    } catch {
      // battery saver, or not supported: the screen may dim
    }
  }
}
