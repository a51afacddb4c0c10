// Sound before picture: on a line that cannot carry both, the picture becomes a few stills a second, then rests, until there is room again.
// The browser's own estimator knows rates down to what it takes for a picture; below that it lets sound and picture choke together.
// The same rules as videodesk/media/yielding.py; tests/protocol/test_yielding.py lets both look at the same lines.

/**
 * @typedef {object} Line what is known of the line
 * @property {number} step which of STEPS is in force
 * @property {number} leastRttMs the shortest way there and back so far
 * @property {number} calmSinceMs since when nothing was wrong
 * @property {number | null} narrowSinceMs since when the estimator has thought the line too narrow for a picture
 * @property {number} heardAtMs when the other side was heard of last
 * @property {number | null} deafFrom the step before nothing was heard any more; null: it is
 * @property {number} lateMs by how much the way there and back was longer than that, when it was known last
 * @property {number | null} lateSinceMs since when the way there and back has been too long
 * @property {number} waitMs how long it must be calm before the next step up
 * @property {number} roseAtMs when the last step up was
 * @property {number} heldUntilMs before this time no further step down: the last one has not shown yet
 */
/**
 * @typedef {object} Sample
 * @property {number} nowMs
 * @property {number | null} rttMs null: nothing new was heard
 * @property {number | null} availableBps what the estimator thinks the line carries
 * @property {number} lostShare 0..1
 * @property {boolean} hears whether the other side was heard of since the last sample
 * @property {boolean} speaks whether sound is sent, of which the other side reports
 */

export const STEPS = [
  { bps: 0, fps: 0 }, { bps: 30_000, fps: 1 }, { bps: 60_000, fps: 3 }, { bps: 120_000, fps: 8 }, { bps: 250_000, fps: 20 }, { bps: 2_500_000, fps: 0 },
];
export const FULL = STEPS.length - 1;
const NARROW_BPS = 100_000;
const NARROW_MS = 1_000;
const CHOKED_MS = 400;
const STUCK_MS = 1_000;
const CALM_MS = 300;
const HEAVY_LOSS = 0.4;
const SOUND_BPS = 60_000;
// A queue that the estimator empties by itself is none of our business.
// A report comes each second; so long without one and the queue is full, or the line is cut.
const DEAF_MS = 3_500;
const PATIENCE_MS = 2_500;
const FIRST_WAIT_MS = 3_000;
const LONGEST_WAIT_MS = 60_000;
// More than this is taken for a queue, until something shorter was seen: the first answers may come when it is full already.
const USUAL_RTT_MS = 300;
const HOLD_MS = 2_000;
const PROVEN_MS = 20_000;
const SPEAKS_MS = 2_000;

/**
 * @param {number} nowMs
 * @param {number | null} expectedBps what is known of the line beforehand
 * @returns {Line}
 */
export function begin(nowMs, expectedBps = null) {
  const step = expectedBps === null ? FULL : Math.max(1, fitting(expectedBps));
  return { step, leastRttMs: USUAL_RTT_MS, calmSinceMs: nowMs, narrowSinceMs: null, heardAtMs: nowMs, deafFrom: null, lateMs: 0, lateSinceMs: null, waitMs: FIRST_WAIT_MS, roseAtMs: -Infinity, heldUntilMs: -Infinity };
}

/** The highest step for which a line has room beside the sound; all of it from a little more than the last but one. @param {number} bps */
function fitting(bps) {
  const fits = STEPS.filter((step) => step.bps <= bps - SOUND_BPS).length - 1;
  return fits === FULL - 1 ? FULL : Math.max(0, fits);
}

/**
 * @param {Line} line @param {Sample} sample
 * @returns {Line}
 */
export function judge(line, { nowMs, rttMs, availableBps, lostShare, hears, speaks }) {
  const leastRttMs = Math.min(line.leastRttMs, rttMs ?? Infinity);
  const lateMs = rttMs === null ? line.lateMs : rttMs - leastRttMs;
  const looksNarrow = availableBps !== null && availableBps < NARROW_BPS && line.step === FULL;
  const narrowSinceMs = looksNarrow ? line.narrowSinceMs ?? nowMs : null;
  const isNarrow = narrowSinceMs !== null && nowMs - narrowSinceMs >= NARROW_MS;
  const heardAtMs = hears || rttMs !== null || !speaks ? nowMs : line.heardAtMs;
  const isTight = availableBps !== null && availableBps < 2 * NARROW_BPS;
  const lateSinceMs = rttMs === null ? line.lateSinceMs : lateMs > CHOKED_MS ? line.lateSinceMs ?? nowMs : null;
  const isLateForLong = lateSinceMs !== null && nowMs - lateSinceMs >= PATIENCE_MS;
  const isChoked = isLateForLong || (lostShare > HEAVY_LOSS && isTight);
  const isCalm = lateMs < CALM_MS && lostShare < HEAVY_LOSS && !isNarrow;
  const known = { ...line, leastRttMs, narrowSinceMs, heardAtMs, lateMs, lateSinceMs, calmSinceMs: isCalm ? line.calmSinceMs : nowMs };
  if (nowMs - heardAtMs > DEAF_MS || line.deafFrom !== null) {
    if (rttMs === null) {
      return { ...known, step: 0, deafFrom: line.deafFrom ?? line.step, calmSinceMs: nowMs };
    }
    return { ...known, step: isCalm ? line.deafFrom ?? 0 : 0, deafFrom: null, calmSinceMs: nowMs }; // it was a cut, or a queue
  }
  if (line.step === 0 && !speaks) {
    return { ...known, step: 1, calmSinceMs: nowMs }; // who sends nothing learns nothing
  }
  if ((isChoked || isNarrow) && nowMs >= line.heldUntilMs && line.step > 0) {
    const hasFailed = nowMs - line.roseAtMs < 2 * HOLD_MS + FIRST_WAIT_MS;
    const lower = lateMs > STUCK_MS ? 0 : line.step === FULL ? 1 : line.step - 1;
    return { ...known, step: lower, calmSinceMs: nowMs, heldUntilMs: nowMs + HOLD_MS, waitMs: hasFailed ? Math.min(LONGEST_WAIT_MS, 2 * line.waitMs) : line.waitMs };
  }
  if (isCalm && line.step < FULL && rttMs !== null && nowMs - known.calmSinceMs >= line.waitMs) {
    const step = Math.max(line.step + 1, availableBps === null ? 0 : fitting(availableBps));
    return { ...known, step, calmSinceMs: nowMs, roseAtMs: nowMs };
  }
  const isProven = isCalm && nowMs - known.calmSinceMs >= PROVEN_MS;
  return isProven ? { ...known, waitMs: FIRST_WAIT_MS } : known;
}

/** Watches a connection and says which step its picture is to take. */
export class SoundFirst {
  /** @param {RTCPeerConnection} connection @param {(step: {bps: number, fps: number}) => void} apply @param {number | null} expectedBps */
  constructor(connection, apply, expectedBps = null) {
    this.connection = connection;
    this.apply = apply;
    this.line = begin(performance.now(), expectedBps);
    this.expectedBps = expectedBps;
    this.isUp = false;
    this.reports = 0;
    /** @type {number | undefined} */
    this.answers = undefined;
    this.soundPackets = 0;
    this.spokeAtMs = 0;
    this.timer = setInterval(() => void this.look(), 500);
  }

  get step() {
    return /** @type {{bps: number, fps: number}} */ (STEPS[this.line.step]);
  }

  /** What a next connection over the same line can expect; null: everything. */
  get expectation() {
    const step = this.line.deafFrom ?? this.line.step;
    return step === FULL ? null : /** @type {{bps: number, fps: number}} */ (STEPS[step]).bps + SOUND_BPS;
  }

  stop() {
    clearInterval(this.timer);
  }

  async look() {
    const nowMs = performance.now();
    const isUp = this.connection.connectionState === "connected";
    if (isUp && !this.isUp) {
      this.line = begin(nowMs, this.expectedBps);
    }
    this.isUp = isUp;
    const stats = isUp ? await this.connection.getStats().catch(() => null) : null;
    if (stats) {
      const before = this.line.step;
      this.line = judge(this.line, this.sampleOf(stats, nowMs));
      if (this.line.step !== before) {
        this.apply(this.step);
      }
    }
  }

  /** @param {RTCStatsReport} stats @param {number} nowMs @returns {Sample} */
  sampleOf(stats, nowMs) {
    /** @type {Sample} */
    const sample = { nowMs, rttMs: null, availableBps: null, lostShare: 0, hears: false, speaks: false };
    let reports = 0;
    stats.forEach((one) => {
      if (one.type === "candidate-pair" && one.nominated) {
        sample.availableBps = one.availableOutgoingBitrate ?? null;
        // The checks of the path tell the way there and back as it is now; reports tell that of the last report they answer, which may be old.
        if (one.responsesReceived !== this.answers && typeof one.currentRoundTripTime === "number") {
          sample.rttMs = one.currentRoundTripTime * 1000;
        }
        this.answers = one.responsesReceived;
      } else if (one.type === "remote-inbound-rtp") {
        reports += one.roundTripTimeMeasurements ?? nowMs;
        sample.lostShare = Math.max(sample.lostShare, one.fractionLost ?? 0);
      } else if (one.type === "outbound-rtp" && one.kind === "audio") {
        if (one.packetsSent !== this.soundPackets) {
          this.spokeAtMs = nowMs;
        }
        this.soundPackets = one.packetsSent;
      }
    });
    sample.hears = reports !== this.reports;
    this.reports = reports;
    sample.speaks = nowMs - this.spokeAtMs < SPEAKS_MS;
    return sample;
  }
}
