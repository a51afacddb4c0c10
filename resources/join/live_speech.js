// Live drawings in words, for who does not see them: which sort of mark, and where in the picture.

import { announce } from "./dom.js";
import { partOf } from "./live_places.js";
import { agentName } from "./screens_view.js";
import { t } from "./texts.js";

/** @typedef {import("./live.js").Live} Live */
/** @typedef {import("./live_model.js").Change} Change */
/** @typedef {import("./live_model.js").Drawing} Drawing */
/** @typedef {import("./live_model.js").Mark} Mark */

/** A stroke is said once it is drawn, a pointer once it rests. */
const REST_MS = 700;

/**
 * The place that the words of a mark name: an arrow's tip, a pointer's newest place, the middle of all others.
 * @param {Pick<Mark, "shape" | "points">} mark
 * @returns {import("./live_words.js").Place}
 */
export function placeOf({ shape, points }) {
  const last = points.at(-1) ?? [0.5, 0.5];
  if (shape === "arrow" || shape === "pointer" || shape === "step") {
    return last;
  }
  const [across, down] = [points.map(([x]) => x), points.map(([, y]) => y)];
  return [(Math.min(...across) + Math.max(...across)) / 2, (Math.min(...down) + Math.max(...down)) / 2];
}

/** @param {Mark} mark @param {string} agent @param {boolean} isMirrored @returns {string} */
export function wordsOf(mark, agent, isMirrored) {
  const where = t(`draw.part_${partOf(placeOf(mark), isMirrored)}`);
  const words = t(`draw.${mark.by === "customer" ? "own_" : ""}${mark.by === "customer" ? "mark" : mark.shape}`, { agent, where, n: mark.number });
  return mark.hold === "lost" ? `${words} (${t("draw.lost")})` : words;
}

export class Teller {
  /** @param {Live} live */
  constructor(live) {
    this.live = live;
    /** Marks of which something is to be said. @type {Set<string>} */
    this.waiting = new Set();
    /** What was said of each. @type {Map<string, string>} */
    this.said = new Map();
    this.timer = 0;
  }

  forget() {
    clearTimeout(this.timer);
    this.waiting.clear();
    this.said.clear();
  }

  /** @param {Change} change @param {Drawing} drawing */
  tell(change, drawing) {
    const agent = agentName(this.live.app);
    if (change.cleared && !change.freeze) {
      this.forget();
      announce(t("draw.cleared", { agent }));
    }
    if (change.lost.length || change.found.length) {
      announce(t(change.lost.length ? "draw.was_lost" : "draw.was_found", { agent }));
    }
    for (const id of [...change.put, ...change.grown]) {
      if (drawing.marks.get(id)?.by === "agent") {
        this.waiting.add(id);
      }
    }
    if (change.put.length || change.grown.length) {
      clearTimeout(this.timer);
      this.timer = window.setTimeout(() => this.say(drawing), REST_MS);
    }
  }

  /** @param {Drawing} drawing */
  say(drawing) {
    const isMirrored = this.live.app.isMirrored() && !drawing.frozen;
    const sentences = [];
    for (const id of this.waiting) {
      const mark = drawing.marks.get(id);
      const words = mark ? wordsOf(mark, agentName(this.live.app), isMirrored) : "";
      if (words && this.said.get(id) !== words) {
        this.said.set(id, words);
        sentences.push(words);
      }
    }
    this.waiting.clear();
    if (sentences.length) {
      announce(sentences.join(". "));
    }
  }
}
