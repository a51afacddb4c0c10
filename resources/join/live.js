// Live drawing: the call's data channel in and out. What comes is read, kept, painted (live_layer.js) and said; what is painted is answered with `live.seen`.

import { announce } from "./dom.js";
import { Delay } from "./live_delay.js";
import { Drawing } from "./live_model.js";
import { Pen } from "./live_pen.js";
import { Teller } from "./live_speech.js";
import { MAX_FREEZE_PX, read, Sluice } from "./live_words.js";
import { agentName } from "./screens_view.js";
import { sizeOf } from "./still.js";
import { t } from "./texts.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./types").LiveMessage} LiveMessage */
/** @typedef {import("./live_model.js").Frozen} Frozen */

/** This page's clock, finer than Date: ms since 1970. */
export function wallClock() {
  return performance.timeOrigin + performance.now();
}

export class Live {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    this.drawing = new Drawing();
    this.delay = new Delay();
    this.pen = new Pen(this);
    this.teller = new Teller(this);
    this.sluice = new Sluice();
    /** @type {RTCDataChannel | null} */
    this.channel = null;
    this.image = new Image();
    this.imageUrl = "";
    /** The customer put the drawings away. */
    this.isHidden = false;
    /** Paints, and says in how many ms something of it will be other than now (0: in the next frame); set by the layer while the call is on screen. @type {(() => number | null) | null} */
    this.paint = null;
    this.frame = 0;
    this.timer = 0;
    this.isFresh = false;
    /** What was answered last. */
    this.seen = "";
  }

  get isOpen() {
    return this.channel?.readyState === "open";
  }

  /** Whether the customer may draw on what is shown. */
  get mayDraw() {
    return this.isOpen && Boolean(this.drawing.frozen?.mayDraw) && this.app.model.call?.state !== "on_hold";
  }

  /** The peer connection has a channel for drawing; nothing of the one before it stays. @param {RTCDataChannel} channel */
  attach(channel) {
    this.end();
    this.channel = channel;
    channel.onmessage = ({ data }) => this.receive(data);
    channel.onopen = () => this.changed();
    channel.onclose = () => {
      if (this.channel === channel) {
        this.end();
      }
    };
  }

  /** No line, no drawings. */
  end() {
    const { channel } = this;
    this.channel = null;
    if (channel) {
      channel.onmessage = channel.onopen = channel.onclose = null;
      channel.close();
    }
    this.drawing.forget();
    this.delay.clear();
    this.pen.forget();
    this.teller.forget();
    this.sluice = new Sluice();
    this.seen = "";
    this.isHidden = false;
    this.shows("");
    this.changed();
  }

  /** @param {LiveMessage} message @returns {boolean} whether it is on its way */
  send(message) {
    if (!this.isOpen) {
      return false;
    }
    this.channel?.send(JSON.stringify(message));
    return true;
  }

  /** @param {unknown} data */
  receive(data) {
    const message = this.sluice.passes(performance.now()) ? read(data) : null;
    if (!message) {
      return;
    }
    const now = performance.now();
    const change = this.drawing.take(message, now);
    if (message.type === "live.marks") {
      this.follow(message);
      this.pen.gone(message.gone ?? []);
    } else if (message.type === "live.clear") {
      this.pen.cleared();
    }
    if (change.freeze === "whole" && this.drawing.coming) {
      void this.unpack(this.drawing.coming);
    } else if (change.freeze === "thawed") {
      this.shows("");
      this.pen.forget();
      announce(t("draw.thawed"));
    }
    this.teller.tell(change, this.drawing);
    this.changed();
  }

  /** Where following marks are, for the picture they were found in. @param {import("./types").LiveMarks} message */
  follow({ frame_ms: at, put = [], moved = [], gone = [] }) {
    gone.forEach((id) => this.delay.drop(id));
    /** @type {Map<string, {points: readonly import("./live_words.js").Place[], hold: import("./types").LiveMark["hold"]}>} */
    const found = new Map();
    for (const mark of [...put, ...moved]) {
      if (mark.hold === "still") {
        this.delay.drop(mark.id);
      } else if (this.drawing.marks.has(mark.id)) {
        found.set(mark.id, { points: mark.points, hold: mark.hold ?? "following" });
      }
    }
    if (typeof at === "number" && this.drawing.isFollowing) {
      this.delay.put(at, found, wallClock());
    } else {
      found.forEach((_, id) => this.delay.drop(id)); // where they are is known, when is not
    }
  }

  /** A frozen picture came whole: shown when it is what it said it is. @param {Frozen} picture */
  async unpack(picture) {
    const blob = new Blob(/** @type {BlobPart[]} */ (picture.parts), { type: "image/jpeg" });
    const bytes = new Uint8Array(await blob.arrayBuffer());
    const size = bytes[0] === 0xff ? sizeOf(bytes) : null;
    if (!size || size.width !== picture.width || size.height !== picture.height || Math.max(size.width, size.height) > MAX_FREEZE_PX) {
      return;
    }
    const url = URL.createObjectURL(blob);
    const image = new Image();
    image.src = url;
    try {
      await image.decode();
    } catch {
      URL.revokeObjectURL(url);
      return;
    }
    if (this.drawing.coming !== picture) {
      URL.revokeObjectURL(url); // thawed, or another one came meanwhile
      return;
    }
    picture.parts = [];
    this.drawing.showFrozen(picture);
    this.pen.forget();
    this.shows(url);
    announce(t(picture.mayDraw ? "draw.frozen_may" : "draw.frozen", { agent: agentName(this.app) }));
    this.changed();
  }

  /** @param {string} url */
  shows(url) {
    if (this.imageUrl) {
      URL.revokeObjectURL(this.imageUrl);
    }
    this.imageUrl = url;
    if (url) {
      this.image.src = url;
    } else {
      this.image.removeAttribute("src");
    }
  }

  /** @param {boolean} isHidden */
  hide(isHidden) {
    this.isHidden = isHidden;
    announce(t(isHidden ? "draw.hidden" : "draw.shown"));
    this.changed();
  }

  /** Something is other than before: paint it in the next animation frame, and say so when it is painted. */
  changed() {
    if (!this.drawing.marks.size) {
      this.isHidden = false;
    }
    this.isFresh = true;
    this.wake(0);
  }

  /** Paint again. @param {number} afterMs 0: in the next animation frame */
  wake(afterMs) {
    clearTimeout(this.timer);
    if (afterMs > 0) {
      this.timer = window.setTimeout(() => this.wake(0), afterMs);
    } else if (!this.frame) {
      this.frame = requestAnimationFrame(() => this.show());
    }
  }

  /** One animation frame. */
  show() {
    this.frame = 0;
    const again = this.paint?.() ?? null;
    if (again !== null) {
      this.wake(again);
    }
    if (this.isFresh && this.paint) {
      this.isFresh = false;
      const { seq, frozen } = this.drawing;
      const [freeze, isHidden] = [frozen?.id ?? "", this.isHidden];
      requestAnimationFrame(() => this.answer(seq, freeze, isHidden)); // by then the frame before it is on the screen
    }
  }

  /** @param {number} seq @param {string} freeze @param {boolean} isHidden */
  answer(seq, freeze, isHidden) {
    const now = JSON.stringify([seq, freeze, isHidden]);
    if (now !== this.seen && this.paint && (seq > 0 || freeze)) {
      this.seen = now;
      this.send({ type: "live.seen", seq, freeze, is_hidden: isHidden });
    }
  }
}
