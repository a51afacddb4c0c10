// The words of live drawing as they come over the data channel: read strictly, written as the other side reads them. What is not understood is dropped.

/** @typedef {import("./types").LiveMark} LiveMark */
/** @typedef {import("./types").LiveMarks} LiveMarks */
/** @typedef {import("./types").LiveMessage} LiveMessage */
/** @typedef {readonly [number, number]} Place */

export const LABEL = "live";
export const MAX_CHARS = 16 * 1024;
export const MAX_MARKS = 60;
export const MAX_POINTS = 500;
export const MAX_FREEZE_BYTES = 400 * 1024;
export const MAX_FREEZE_PX = 4096;
const PART_CHARS = 4 * (Math.floor((8 * 1024) / 3) + 1);
const SHAPES = ["pointer", "arrow", "line", "rectangle", "ellipse", "pen", "step"];
const HOLDS = ["still", "following", "lost"];
const ID = /^[a-z0-9-]{1,64}$/;
const COLOUR = /^#[0-9a-f]{6}$/;
// A frozen picture comes in 50 parts at once; drawing is 30 messages a second.
const BURST = 300;
const PER_SECOND = 90;

/** A share of the picture's side, a little outside of it allowed. @param {unknown} value @returns {value is number} */
const isShare = (value) => typeof value === "number" && value >= -2 && value <= 3;
/** @param {unknown} value @param {number} from @param {number} to @returns {value is number} */
const isWhole = (value, from, to) => typeof value === "number" && Number.isInteger(value) && value >= from && value <= to;
/** @param {unknown} value @returns {value is string} */
const isId = (value) => typeof value === "string" && ID.test(value);

/** @param {unknown} value @returns {value is Record<string, unknown>} */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @param {unknown} value @returns {value is Place[]} */
function arePoints(value) {
  return Array.isArray(value) && value.length >= 1 && value.length <= MAX_POINTS
    && value.every((one) => Array.isArray(one) && one.length === 2 && isShare(one[0]) && isShare(one[1]));
}

/**
 * A mark with everything filled in, or null.
 * @param {unknown} given
 * @returns {LiveMark | null}
 */
export function readMark(given) {
  if (!isObject(given)) {
    return null;
  }
  const { id, shape, points, colour, width = 0.006, number = 0, by = "agent", fades = false, hold = "still", freeze = "" } = given;
  const isRight = isId(id) && typeof shape === "string" && SHAPES.includes(shape) && arePoints(points) && typeof colour === "string" && COLOUR.test(colour)
    && typeof width === "number" && width > 0 && width <= 0.2 && isWhole(number, 0, 999) && (by === "agent" || by === "customer")
    && typeof fades === "boolean" && typeof hold === "string" && HOLDS.includes(hold) && (freeze === "" || isId(freeze));
  return isRight ? /** @type {LiveMark} */ ({ id, shape, points, colour, width, number, by, fades, hold, freeze }) : null;
}

/** @param {Record<string, unknown>} given @returns {LiveMarks | null} */
function readMarks({ seq, frame_ms: frame = null, put = [], more = [], moved = [], gone = [] }) {
  const lists = [put, more, moved, gone];
  if (!isWhole(seq, 1, Number.MAX_SAFE_INTEGER) || !(frame === null || (typeof frame === "number" && Number.isFinite(frame))) || !lists.every((list) => Array.isArray(list) && list.length <= MAX_MARKS)) {
    return null;
  }
  /** @type {unknown[][]} */
  const [puts = [], mores = [], moves = [], gones = []] = /** @type {unknown[][]} */ (lists);
  const marks = puts.map(readMark);
  const isRight = !marks.includes(null)
    && mores.every((one) => isObject(one) && isId(one["id"]) && arePoints(one["points"]))
    && moves.every((one) => isObject(one) && isId(one["id"]) && arePoints(one["points"]) && typeof one["hold"] === "string" && HOLDS.includes(one["hold"]))
    && gones.every(isId);
  return isRight ? /** @type {LiveMarks} */ ({ type: "live.marks", seq, frame_ms: frame, put: marks, more, moved, gone }) : null;
}

/**
 * What the other side says; null when it is not of this protocol.
 * @param {unknown} text
 * @returns {LiveMessage | null}
 */
export function read(text) {
  if (typeof text !== "string" || text.length > MAX_CHARS) {
    return null;
  }
  /** @type {unknown} */
  let given;
  try {
    given = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(given)) {
    return null;
  }
  const { type, id, by = "" } = given;
  switch (type) {
    case "live.marks":
      return readMarks(given);
    case "live.clear":
      return by === "" || by === "agent" || by === "customer" ? { type, by } : null;
    case "live.freeze": {
      const { width_px: width, height_px: height, size_bytes: size, may_draw: mayDraw = true } = given;
      return isId(id) && isWhole(width, 1, MAX_FREEZE_PX) && isWhole(height, 1, MAX_FREEZE_PX) && isWhole(size, 1, MAX_FREEZE_BYTES) && typeof mayDraw === "boolean"
        ? { type, id, width_px: width, height_px: height, size_bytes: size, may_draw: mayDraw } : null;
    }
    case "live.freeze_part": {
      const { index, data } = given;
      return isId(id) && isWhole(index, 0, 1000) && typeof data === "string" && data.length <= PART_CHARS ? { type, id, index, data } : null;
    }
    case "live.thaw":
      return isId(id) ? { type, id } : null;
    default:
      return null;
  }
}

/** Lets through what one who draws says, and no flood: a burst, then so many a second. */
export class Sluice {
  constructor() {
    this.left = BURST;
    this.at = 0;
  }

  /** @param {number} now ms @returns {boolean} whether one more may pass */
  passes(now) {
    this.left = Math.min(BURST, this.left + Math.max(0, now - this.at) / 1000 * PER_SECOND);
    this.at = now;
    if (this.left < 1) {
      return false;
    }
    this.left -= 1;
    return true;
  }
}
