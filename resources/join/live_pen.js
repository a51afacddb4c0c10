// The customer draws on the frozen picture: with a finger, a pen, a mouse or the keyboard. What is drawn goes out in batches.

import { announce } from "./dom.js";
import { partOf } from "./live_places.js";
import { MAX_POINTS } from "./live_words.js";
import { newId } from "./memory.js";
import { t } from "./texts.js";

/** @typedef {import("./live.js").Live} Live */
/** @typedef {import("./types").LiveMark} LiveMark */
/** @typedef {import("./live_words.js").Place} Place */

export const COLOUR = "#c026d3"; // none of the agent's
const WIDTH = 0.008;
const BATCH_MS = 33;
const FULL_BYTES = 64 * 1024;
/** Nearer than this to the last place, a place adds nothing to a stroke; of the picture's width. */
const NEAR = 0.0025;
/** A tap is a ring around what was tapped; of the picture's width. */
const RING = 0.05;
const KEY_STEP = 0.02;
const KEY_LEAP = 0.1;
/** @type {Record<string, readonly [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Pen {
  /** @param {Live} live */
  constructor(live) {
    this.live = live;
    /** Own strokes on this picture, oldest first; a long one is several marks. @type {string[][]} */
    this.mine = [];
    /** The stroke that is being drawn. */
    this.current = "";
    this.isOn = true;
    /** Where the keyboard's pen is. @type {[number, number]} */
    this.cross = [0.5, 0.5];
    this.hasKeys = false;
    this.seq = 0;
    this.timer = 0;
    this.put = /** @type {Set<string>} */ (new Set());
    this.more = /** @type {Map<string, Place[]>} */ (new Map());
    this.away = /** @type {Set<string>} */ (new Set());
  }

  /** Another picture, or none: nothing of the strokes stays. */
  forget() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.mine = [];
    this.current = "";
    this.isOn = true;
    this.cross = [0.5, 0.5];
    this.hasKeys = false;
    this.put.clear();
    this.more.clear();
    this.away.clear();
    if (!this.live.channel) {
      this.seq = 0;
    }
  }

  /** The agent took these away. @param {readonly string[]} ids */
  gone(ids) {
    this.mine = this.mine.map((stroke) => stroke.filter((id) => !ids.includes(id))).filter((stroke) => stroke.length);
    if (ids.includes(this.current)) {
      this.current = "";
    }
  }

  /** The agent cleared: what is no longer there is no longer to be undone. */
  cleared() {
    this.gone(this.mine.flat().filter((id) => !this.live.drawing.marks.has(id)));
  }

  // ── strokes ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** @param {Place} place @param {string[]} [stroke] the marks of the stroke so far, when it goes on */
  begin([x, y], stroke = []) {
    const { drawing } = this.live;
    const id = newId();
    /** @type {LiveMark} */
    const mark = { id, shape: "pen", points: [[x, y]], colour: COLOUR, width: WIDTH, number: 0, by: "customer", fades: false, hold: "still", freeze: drawing.frozen?.id ?? "" };
    if (!this.live.mayDraw || !drawing.put(mark, performance.now())) {
      this.live.app.note("alert", "draw.full");
      return;
    }
    this.current = id;
    stroke.push(id);
    if (stroke.length === 1) {
      this.mine.push(stroke);
    }
    this.put.add(id);
    this.soon();
  }

  /** @param {Place} place */
  extend([x, y]) {
    const { drawing } = this.live;
    const points = drawing.marks.get(this.current)?.points;
    const [lastX, lastY] = points?.at(-1) ?? [x, y];
    const ratio = (drawing.frozen?.height ?? 1) / (drawing.frozen?.width ?? 1);
    if (!points || Math.hypot(x - lastX, (y - lastY) * ratio) < NEAR) {
      return;
    }
    if (points.length >= MAX_POINTS) {
      this.current = "";
      this.begin([lastX, lastY], this.mine.at(-1)); // a stroke that does not end goes on as another mark
    }
    drawing.lengthen(this.current, [[x, y]], performance.now());
    this.more.set(this.current, [...this.more.get(this.current) ?? [], [x, y]]);
    this.soon();
  }

  finish() {
    const { drawing } = this.live;
    const mark = drawing.marks.get(this.current);
    this.current = "";
    const [only, second] = mark?.points ?? [];
    if (mark && only && !second) {
      const down = RING * ((drawing.frozen?.width ?? 1) / (drawing.frozen?.height ?? 1));
      const [x, y] = only;
      drawing.put({ ...mark, shape: "ellipse", points: [[x - RING, y - down], [x + RING, y + down]] }, performance.now());
      this.put.add(mark.id);
      this.soon();
    }
  }

  /** @returns {boolean} whether there was one */
  undo() {
    const stroke = this.mine.pop();
    if (!stroke) {
      return false;
    }
    for (const id of stroke) {
      this.current = this.current === id ? "" : this.current;
      this.live.drawing.marks.delete(id);
      this.put.delete(id);
      this.more.delete(id);
      this.away.add(id);
    }
    this.soon();
    return true;
  }

  // ── keyboard ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** @param {KeyboardEvent} event @returns {boolean} whether the key was for the pen */
  key(event) {
    const way = ARROWS[event.key];
    if (way) {
      this.move(way, event.shiftKey ? KEY_LEAP : KEY_STEP);
    } else if (event.key === "Enter" || event.key === " ") {
      const wasDown = Boolean(this.current);
      if (wasDown) {
        this.finish();
      } else {
        this.begin(this.cross);
      }
      announce(t(wasDown ? "draw.pen_up" : "draw.pen_down"));
    } else if (event.key === "Escape" && this.current) {
      this.undo();
      announce(t("draw.undone"));
    } else {
      return false;
    }
    this.hasKeys = true;
    this.live.changed();
    return true;
  }

  /** @param {readonly [number, number]} way @param {number} step of the picture's longer side */
  move([right, down], step) {
    const { frozen } = this.live.drawing;
    const [width, height] = [frozen?.width ?? 1, frozen?.height ?? 1];
    const longer = Math.max(width, height) * step;
    const before = partOf(this.cross, false);
    const [x, y] = this.cross;
    this.cross = [Math.min(1, Math.max(0, x + (right * longer) / width)), Math.min(1, Math.max(0, y + (down * longer) / height))];
    if (this.current) {
      this.extend(this.cross);
    }
    const now = partOf(this.cross, false);
    if (now !== before) {
      announce(t(`draw.part_${now}`));
    }
  }

  // ── out ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  soon() {
    this.live.changed();
    this.timer ||= window.setTimeout(() => this.flush(), BATCH_MS);
  }

  flush() {
    this.timer = 0;
    const { drawing, channel } = this.live;
    if ((channel?.bufferedAmount ?? 0) > FULL_BYTES) {
      this.timer = window.setTimeout(() => this.flush(), BATCH_MS);
      return;
    }
    /** @type {LiveMark[]} */
    const put = [];
    for (const id of this.put) {
      const mark = drawing.marks.get(id);
      if (mark) {
        const { shape, points, colour, width, number, by, fades, hold, freeze } = mark;
        put.push({ id, shape, points, colour, width, number, by, fades, hold, freeze });
        this.more.delete(id);
      }
    }
    const more = [...this.more].map(([id, points]) => ({ id, points: points.map(([x, y]) => /** @type {[number, number]} */ ([x, y])) }));
    this.seq += 1;
    this.live.send({ type: "live.marks", seq: this.seq, frame_ms: null, put, more, moved: [], gone: [...this.away] });
    this.put.clear();
    this.more.clear();
    this.away.clear();
  }
}
