// What is drawn on the call's picture: the marks of both sides, the frozen picture, what fades. Knows no browser; time is given.

import { MAX_MARKS, MAX_POINTS } from "./live_words.js";

/** @typedef {import("./types").LiveMark} LiveMark */
/** @typedef {import("./types").LiveMessage} LiveMessage */
/** @typedef {import("./live_words.js").Place} Place */
/** @typedef {LiveMark & {changedAt: number}} Mark `changedAt`: ms, when it last changed; what fades counts from then */
/** @typedef {{id: string, width: number, height: number, size: number, mayDraw: boolean, parts: Uint8Array[], got: number}} Frozen */
/**
 * What a message did, for who shows and says it.
 * @typedef {object} Change
 * @property {string[]} put marks that are new or other than before
 * @property {string[]} grown strokes that are longer
 * @property {string[]} lost following marks that were lost by this
 * @property {string[]} found lost ones that are followed again
 * @property {number} cleared how many marks went, when they went by a clear or a thaw
 * @property {"whole" | "thawed" | null} freeze
 */

export const FADE_AFTER_MS = 4_000;
export const FADE_MS = 1_000;

/** @returns {Change} */
function nothing() {
  return { put: [], grown: [], lost: [], found: [], cleared: 0, freeze: null };
}

/** @param {string} data base64 @returns {Uint8Array | null} */
function bytesOf(data) {
  try {
    return Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
  } catch {
    return null;
  }
}

export class Drawing {
  constructor() {
    /** Lowest first. @type {Map<string, Mark>} */
    this.marks = new Map();
    /** The frozen picture that is on its way. @type {Frozen | null} */
    this.coming = null;
    /** The one that is shown. @type {Frozen | null} */
    this.frozen = null;
    /** The last number of the other side's changes. */
    this.seq = 0;
  }

  /** @param {LiveMessage} message @param {number} now ms @returns {Change} */
  take(message, now) {
    switch (message.type) {
      case "live.marks":
        return this.takeMarks(message, now);
      case "live.clear":
        return { ...nothing(), cleared: this.drop((mark) => message.by === "" || mark.by === message.by) };
      case "live.freeze": {
        const { id, width_px: width, height_px: height, size_bytes: size, may_draw: mayDraw } = message;
        this.coming = { id, width, height, size, mayDraw: mayDraw ?? true, parts: [], got: 0 };
        return nothing();
      }
      case "live.freeze_part":
        return this.takePart(message);
      case "live.thaw":
        return this.thaw(message.id);
      default:
        return nothing();
    }
  }

  /** @param {import("./types").LiveMarks} message @param {number} now @returns {Change} */
  takeMarks({ seq, put = [], more = [], moved = [], gone = [] }, now) {
    const change = nothing();
    this.seq = Math.max(this.seq, seq);
    for (const mark of put) {
      if (this.put(mark, now)) {
        change.put.push(mark.id);
      }
    }
    for (const { id, points } of more) {
      if (this.lengthen(id, points, now)) {
        change.grown.push(id);
      }
    }
    for (const { id, points, hold } of moved) {
      const mark = this.marks.get(id);
      if (mark) {
        if (mark.hold !== hold && hold !== "still") {
          (hold === "lost" ? change.lost : change.found).push(id);
        }
        this.marks.set(id, { ...mark, points, hold });
      }
    }
    gone.forEach((id) => this.marks.delete(id));
    return change;
  }

  /** @param {LiveMark} mark @param {number} now @returns {boolean} whether there was room */
  put(mark, now) {
    if (!this.marks.has(mark.id) && this.marks.size >= MAX_MARKS) {
      return false;
    }
    this.marks.set(mark.id, { ...mark, changedAt: now });
    return true;
  }

  /** @param {string} id @param {readonly Place[]} points @param {number} now @returns {boolean} */
  lengthen(id, points, now) {
    const mark = this.marks.get(id);
    if (!mark || mark.points.length + points.length > MAX_POINTS) {
      return false;
    }
    this.marks.set(id, { ...mark, points: [...mark.points, ...points.map(([x, y]) => /** @type {[number, number]} */ ([x, y]))], changedAt: now });
    return true;
  }

  /** @param {{id: string, index: number, data: string}} part @returns {Change} */
  takePart({ id, index, data }) {
    const { coming } = this;
    const bytes = coming?.id === id && coming.parts.length === index ? bytesOf(data) : null;
    if (!coming || !bytes || coming.got + bytes.length > coming.size) {
      return nothing();
    }
    coming.parts.push(bytes);
    coming.got += bytes.length;
    return { ...nothing(), freeze: coming.got === coming.size ? "whole" : null };
  }

  /** The picture that came whole could be read: it is what is shown now. The marks of the one before it go. @param {Frozen} picture */
  showFrozen(picture) {
    if (this.coming === picture) {
      this.coming = null;
      this.frozen = picture;
      this.drop((mark) => mark.freeze !== "" && mark.freeze !== picture.id);
    }
  }

  /** @param {string} id @returns {Change} */
  thaw(id) {
    if (this.coming?.id === id) {
      this.coming = null;
    }
    const cleared = this.drop((mark) => mark.freeze === id);
    if (this.frozen?.id !== id) {
      return { ...nothing(), cleared };
    }
    this.frozen = null;
    return { ...nothing(), cleared, freeze: "thawed" };
  }

  /** @param {(mark: Mark) => boolean} which @returns {number} how many went */
  drop(which) {
    const going = [...this.marks.values()].filter(which);
    going.forEach((mark) => this.marks.delete(mark.id));
    return going.length;
  }

  /** The marks of what is shown now: of the frozen picture, or of the live video. @param {number} now @returns {Mark[]} */
  shown(now) {
    const on = this.frozen?.id ?? "";
    return [...this.marks.values()].filter((mark) => mark.freeze === on && opacityOf(mark, now) > 0);
  }

  /** Whether a mark follows its object in the live video, and the video is what is shown. */
  get isFollowing() {
    return !this.frozen && [...this.marks.values()].some((mark) => mark.freeze === "" && mark.hold !== "still");
  }

  /** The other side is gone: nothing of it stays. */
  forget() {
    this.marks.clear();
    this.coming = this.frozen = null;
    this.seq = 0;
  }
}

/** How much of a mark is still there, 1 to 0. @param {Mark} mark @param {number} now ms @returns {number} */
export function opacityOf({ fades, changedAt }, now) {
  return fades ? Math.min(1, Math.max(0, 1 - (now - changedAt - FADE_AFTER_MS) / FADE_MS)) : 1;
}
