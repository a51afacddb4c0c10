// Marks that follow an object are found in pictures that are a moment old. So that a mark lies where it belongs, the own camera is shown that moment later,
// and places between two findings are between them. Knows no browser; all times are ms since 1970 by this page's clock.

/** @typedef {import("./live_words.js").Place} Place */
/** @typedef {import("./types").LiveMark["hold"]} Hold */
/** @typedef {{at: number, points: Place[], hold: Hold}} Finding */

/** Later than this the own camera is never shown: then rather the newest picture. */
export const MAX_DELAY_MS = 300;
const WINDOW_MS = 1_000;

export class Delay {
  constructor() {
    /** By mark, oldest first. @type {Map<string, Finding[]>} */
    this.findings = new Map();
    /** How late places came lately. @type {{came: number, lag: number}[]} */
    this.lags = [];
    this.newest = 0;
  }

  /**
   * Places of following marks, found in the picture that was captured at `at`; marks that are not named lie where they lay.
   * @param {number} at
   * @param {ReadonlyMap<string, {points: readonly Place[], hold: Hold}>} found
   * @param {number} came now
   */
  put(at, found, came) {
    if (at <= this.newest - WINDOW_MS || at > came + WINDOW_MS) {
      return; // a clock that is no clock
    }
    this.newest = Math.max(this.newest, at);
    this.lags = [...this.lags.filter((one) => one.came > came - WINDOW_MS), { came, lag: came - at }];
    for (const id of new Set([...this.findings.keys(), ...found.keys()])) {
      const list = this.findings.get(id) ?? [];
      const last = list.at(-1);
      const now = found.get(id) ?? last;
      if (now && (!last || at > last.at)) {
        const points = now.points.map(([x, y]) => /** @type {Place} */ ([x, y]));
        this.findings.set(id, [...list.filter((one) => one.at > at - WINDOW_MS), { at, points, hold: now.hold }]);
      }
    }
  }

  /** @param {string} id */
  drop(id) {
    this.findings.delete(id);
  }

  clear() {
    this.findings.clear();
    this.lags = [];
    this.newest = 0;
  }

  /**
   * Which moment to show now: never one of which no places are known yet; null: the newest picture, because places come too late or not at all.
   * @param {number} now
   * @returns {number | null}
   */
  moment(now) {
    const late = Math.max(0, ...this.lags.filter((one) => one.came > now - WINDOW_MS).map((one) => one.lag));
    return this.newest > 0 && late <= MAX_DELAY_MS && now - this.newest <= MAX_DELAY_MS ? Math.min(now - late, this.newest) : null;
  }

  /**
   * Where a mark was at that moment; null: it was never found.
   * @param {string} id
   * @param {number | null} moment null: where it was found last
   * @returns {{points: readonly Place[], hold: Hold} | null}
   */
  where(id, moment) {
    const list = this.findings.get(id) ?? [];
    const after = moment === null ? -1 : list.findIndex((one) => one.at > moment);
    const [earlier, later] = [list[after - 1], list[after]];
    if (after < 0) {
      return list.at(-1) ?? null;
    }
    if (!earlier || !later || moment === null) {
      return later ?? null;
    }
    if (earlier.hold !== "following" || later.hold !== "following" || earlier.points.length !== later.points.length) {
      return earlier;
    }
    const share = (moment - earlier.at) / (later.at - earlier.at);
    const points = earlier.points.map(([x, y], index) => {
      const [toX, toY] = later.points[index] ?? [x, y];
      return /** @type {Place} */ ([x + (toX - x) * share, y + (toY - y) * share]);
    });
    return { points, hold: "following" };
  }
}
