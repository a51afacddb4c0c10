// The layer over the own picture: marks in the right place, the frozen picture, the pictures of a moment ago while marks follow, the customer's pen.

import { agentName, button } from "./screens_view.js";
import { h, icon } from "./dom.js";
import { wallClock } from "./live.js";
import { FADE_AFTER_MS, opacityOf } from "./live_model.js";
import { frameOf, isCutOff, toPlace, toSpot } from "./live_places.js";
import { Ring } from "./live_ring.js";
import { lineWidth, outlineOf, rimOf, stepRadius } from "./live_shapes.js";
import { placeOf, wordsOf } from "./live_speech.js";
import { t } from "./texts.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./live_model.js").Mark} Mark */
/** @typedef {import("./live_places.js").Frame} Frame */
/** @typedef {{group: SVGGElement, rim: SVGPathElement, ink: SVGPathElement, number: SVGTextElement, tag: HTMLElement}} Drawn */

const SVG = "http://www.w3.org/2000/svg";
const RIM_SHARE = 0.28;
const LOST_OPACITY = 0.45;
const MIN_PICTURE_PX = 130;

/** @template {keyof SVGElementTagNameMap} Tag @param {Tag} tag @param {Record<string, string>} [attributes] @param {...SVGElement} children @returns {SVGElementTagNameMap[Tag]} */
function s(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  set(element, attributes);
  element.append(...children);
  return element;
}

/** @param {Element} element @param {Record<string, string | number>} attributes */
function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (element.getAttribute(name) !== String(value)) {
      element.setAttribute(name, String(value));
    }
  }
}

/** @param {string} id @returns {Drawn} */
function drawnMark(id) {
  const [rim, ink, number] = [s("path", { class: "rim" }), s("path", { class: "ink" }), s("text", { class: "number", "text-anchor": "middle", "dominant-baseline": "central" })];
  return { group: s("g", { "data-id": id }, rim, ink, number), rim, ink, number, tag: h("p", { class: "live-tag", "aria-hidden": "true" }, t("draw.lost")) };
}

/**
 * @param {Drawn} drawn @param {Mark} mark @param {readonly import("./live_words.js").Place[]} points @param {Frame} frame @param {number} opacity
 */
function drawMark({ group, rim, ink, number, tag }, mark, points, frame, opacity) {
  const spots = points.map((place) => toSpot(frame, place));
  const width = lineWidth(mark.width ?? 0.006, frame.width);
  const casing = Math.max(1.25, width * RIM_SHARE);
  const { path, isFilled } = outlineOf(mark.shape, spots, width);
  const isLost = mark.hold === "lost";
  set(group, { "data-shape": mark.shape, "data-hold": mark.hold ?? "still", "data-by": mark.by ?? "agent", opacity: Math.round(opacity * (isLost ? LOST_OPACITY : 1) * 100) / 100 });
  set(rim, { d: path, stroke: rimOf(mark.colour), "stroke-width": (isFilled ? 0 : width) + 2 * casing, fill: "none" });
  set(ink, { d: path, fill: isFilled ? mark.colour : "none", stroke: isFilled ? "none" : mark.colour, "stroke-width": width });
  const [first] = spots;
  if (mark.shape === "step" && first) {
    set(number, { x: first.x, y: first.y, fill: rimOf(mark.colour), "font-size": stepRadius(width) * 1.25 });
    number.textContent = String(mark.number ?? 0);
  } else {
    number.textContent = "";
  }
  tag.hidden = !isLost;
  if (isLost) {
    const spot = toSpot(frame, placeOf({ shape: mark.shape, points: /** @type {[number, number][]} */ (points) }));
    tag.style.left = `clamp(4rem, ${spot.x}px, 100% - 4rem)`;
    tag.style.top = `clamp(0rem, ${spot.y}px, 100% - 3rem)`;
  }
}

/** @param {App} app @returns {import("./screens_view.js").View & {put: HTMLElement}} the layer, and the button that puts drawings away */
export function liveLayer(app) {
  const { live } = app.talk;
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const delayed = h("canvas", { class: "live-delayed", hidden: true, "aria-hidden": "true" });
  const marks = s("svg", { class: "live-marks", role: "img", "aria-label": t("draw.none"), hidden: "" });
  const cross = s("path", { class: "live-cross", "aria-hidden": "true" });
  const tags = h("div", { class: "live-tags" });
  const surface = penSurface(app, () => frameNow());
  const picture = h("div", { class: "live-picture" }, delayed, marks, tags, surface.element);
  const tools = penTools(app);
  const put = h("button", { type: "button", class: "live-put", "data-name": "put-drawings", hidden: true, onclick: () => live.hide(!live.isHidden) });
  const element = h("div", { class: "live" }, picture, tools.element);
  const ring = new Ring(app.ownVideo);
  /** @type {Map<string, Drawn>} */
  const drawn = new Map();
  let isWhole = false;
  let shownAt = 0;
  let tightFor = "";

  /** @returns {Frame | null} */
  function frameNow() {
    const { frozen } = live.drawing;
    const box = { width: picture.clientWidth, height: picture.clientHeight };
    const video = app.ownVideo;
    return frozen ? frameOf(box, frozen, { fit: "contain" })
      : video.isConnected ? frameOf(box, { width: video.videoWidth, height: video.videoHeight }, { fit: getComputedStyle(video).objectFit, isMirrored: video.classList.contains("mirrored") }) : null;
  }

  /** While marks follow, the picture they were found in. @returns {number | null} the moment whose places hold */
  function showMoment() {
    const isOn = live.drawing.isFollowing && !live.isHidden && app.ownVideo.isConnected;
    const moment = isOn ? live.delay.moment(wallClock()) : null;
    if (isOn) {
      ring.start();
    } else {
      ring.stop();
    }
    const kept = isOn ? ring.upTo(moment) : null;
    delayed.hidden = !kept;
    delayed.className = `live-delayed ${app.ownVideo.className}`;
    if (kept && kept.at !== shownAt) {
      shownAt = kept.at;
      if (delayed.width !== kept.canvas.width || delayed.height !== kept.canvas.height) {
        Object.assign(delayed, { width: kept.canvas.width, height: kept.canvas.height });
      }
      delayed.getContext("2d", { alpha: false })?.drawImage(kept.canvas, 0, 0);
      delayed.dataset["at"] = String(kept.at);
    }
    return kept && moment !== null ? kept.at : null;
  }

  /** A mark where the screen's edge cuts the picture off, or under the controls: the whole picture is shown from then on. @param {Frame} frame @param {readonly Mark[]} shown */
  function showWhole(frame, shown) {
    const call = element.closest(".call");
    const controls = call?.querySelector(".controls")?.getBoundingClientRect();
    const box = element.getBoundingClientRect();
    const isUnder = (/** @type {import("./live_words.js").Place} */ place) => {
      const spot = toSpot(frame, place);
      return controls !== undefined && spot.x + box.x > controls.left && spot.y + box.y > controls.top;
    };
    isWhole = shown.length > 0 && !live.drawing.frozen && (isWhole || shown.some((mark) => isCutOff(frame, { width: picture.clientWidth, height: picture.clientHeight }, mark.points) || mark.points.some(isUnder)));
    if (call && call.classList.contains("shows-whole") !== isWhole) {
      call.classList.toggle("shows-whole", isWhole);
      return frameNow();
    }
    return frame;
  }

  /** @param {readonly Mark[]} shown @param {Frame} frame @param {number | null} moment @param {number} now */
  function drawMarks(shown, frame, moment, now) {
    for (const [id, { group, tag }] of drawn) {
      if (!shown.some((mark) => mark.id === id)) {
        group.remove();
        tag.remove();
        drawn.delete(id);
      }
    }
    for (const mark of shown) {
      const one = drawn.get(mark.id) ?? drawnMark(mark.id);
      if (!drawn.has(mark.id)) {
        drawn.set(mark.id, one);
        marks.append(one.group);
        tags.append(one.tag);
      }
      const found = mark.hold === "still" ? null : live.delay.where(mark.id, moment);
      // Places that come too late, or no more: it is not known to be right, and does not look as if it were.
      const opacity = opacityOf(mark, now) * (mark.hold === "following" && found && moment === null ? LOST_OPACITY : 1);
      drawMark(one, found ? { ...mark, hold: found.hold } : mark, found?.points ?? mark.points, frame, still.matches ? Math.ceil(opacity) : opacity);
    }
  }

  /** Where too little room is left for a frozen picture, the call scrolls. @param {boolean} isFrozen */
  function fitTight(isFrozen) {
    const call = element.closest(".call");
    const size = `${innerWidth} ${innerHeight} ${getComputedStyle(document.documentElement).fontSize}`;
    if (call && (!isFrozen || size !== tightFor)) {
      call.classList.remove("is-tight");
      tightFor = isFrozen ? size : "";
      if (isFrozen && (picture.clientHeight < MIN_PICTURE_PX || element.scrollHeight > element.clientHeight + 1)) {
        call.classList.add("is-tight");
        picture.scrollIntoView({ block: "nearest" });
      }
    }
  }

  /** @returns {number | null} ms until it looks other than now */
  function paint() {
    const now = performance.now();
    const { drawing, pen } = live;
    const shown = live.isHidden ? [] : drawing.shown(now);
    const isFrozen = drawing.frozen !== null;
    const call = element.closest(".call");
    if (!isFrozen && element.contains(document.activeElement)) {
      /** @type {HTMLElement | null} */ (call?.querySelector("h1") ?? null)?.focus({ preventScroll: true }); // the tools go, the keyboard stays in the call
    }
    call?.classList.toggle("is-frozen", isFrozen);
    element.classList.toggle("is-frozen", isFrozen);
    live.image.alt = t("draw.frozen_picture", { agent: agentName(app) });
    if (isFrozen && live.image.parentElement !== picture) {
      picture.prepend(live.image);
    } else if (!isFrozen) {
      live.image.remove();
    }
    const isBare = !live.isHidden && !drawing.shown(now).length;
    put.hidden = isBare && !isFrozen;
    put.style.visibility = isBare ? "hidden" : ""; // its room stays: a frozen picture does not jump under the finger
    put.textContent = t(live.isHidden ? "draw.show" : "draw.hide");
    surface.update();
    tools.update();
    fitTight(isFrozen);
    const moment = showMoment();
    const first = frameNow();
    const frame = first && showWhole(first, shown);
    drawMarks(frame ? shown : [], frame ?? { x: 0, y: 0, width: 0, height: 0, isMirrored: false }, moment, now);
    const hasCross = frame !== null && pen.hasKeys && !surface.element.hidden && surface.element.contains(document.activeElement);
    if (hasCross) {
      const { x, y } = toSpot(frame, pen.cross);
      set(cross, { d: `M${x - 14} ${y}h10m8 0h10M${x} ${y - 14}v10m0 8v10` });
      marks.append(cross);
    } else {
      cross.remove();
    }
    const words = shown.map((mark) => wordsOf(mark, agentName(app), Boolean(frame?.isMirrored))).join(". ");
    set(marks, { "aria-label": words || t("draw.none") });
    marks.toggleAttribute("hidden", shown.length === 0 && !hasCross);
    if (drawing.isFollowing) {
      return 0;
    }
    const fading = shown.filter((mark) => mark.fades).map((mark) => mark.changedAt + FADE_AFTER_MS - now);
    return fading.length ? Math.max(0, Math.min(...fading)) : null;
  }

  const again = () => live.wake(0);
  const watcher = new ResizeObserver(again);
  watcher.observe(picture);
  watcher.observe(app.ownVideo);
  app.ownVideo.addEventListener("resize", again);
  live.paint = paint;
  live.changed();
  return {
    element, put,
    update: again,
    close: () => {
      watcher.disconnect();
      app.ownVideo.removeEventListener("resize", again);
      ring.stop();
      if (live.paint === paint) {
        live.paint = null;
      }
    },
  };
}

/** What takes fingers, pens, mice and keys. @param {App} app @param {() => Frame | null} frameNow */
function penSurface(app, frameNow) {
  const { live } = app.talk;
  let pointer = -1;
  /** @param {PointerEvent} event */
  const areaOf = (event) => /** @type {HTMLElement} */ (event.currentTarget);
  /** @param {HTMLElement} area @param {PointerEvent} event one of the area's, or one coalesced into it, which knows no area */
  const placeIn = (area, event) => {
    const frame = frameNow();
    const box = area.getBoundingClientRect();
    return frame && toPlace(frame, { x: event.clientX - box.x, y: event.clientY - box.y });
  };
  /** @param {PointerEvent} event */
  const begin = (event) => {
    const place = placeIn(areaOf(event), event);
    if (pointer < 0 && event.button === 0 && place) {
      event.preventDefault();
      pointer = event.pointerId;
      areaOf(event).setPointerCapture(pointer);
      live.pen.finish();
      live.pen.hasKeys = false;
      live.pen.begin(place);
    }
  };
  /** @param {PointerEvent} event */
  const move = (event) => {
    if (event.pointerId === pointer) {
      const events = event.getCoalescedEvents?.() ?? [];
      for (const one of events.length ? events : [event]) {
        const place = placeIn(areaOf(event), one);
        if (place) {
          live.pen.extend(place);
        }
      }
    }
  };
  /** @param {PointerEvent} event */
  const end = (event) => {
    if (event.pointerId === pointer) {
      move(event);
      pointer = -1;
      live.pen.finish();
    }
  };
  const element = h("div", {
    class: "live-surface", role: "application", tabindex: "0", hidden: true, "aria-label": t("draw.surface"), "aria-describedby": "live-hint",
    onpointerdown: begin, onpointermove: move, onpointerup: end, onpointercancel: end, onblur: () => live.wake(0), onfocus: () => live.wake(0),
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (!event.ctrlKey && !event.metaKey && !event.altKey && live.pen.key(event)) {
        event.preventDefault();
        event.stopPropagation();
      }
    },
  });
  const update = () => {
    element.hidden = !live.mayDraw || !live.pen.isOn || live.isHidden;
  };
  return { element, update };
}

/** @param {App} app */
function penTools(app) {
  const { live } = app.talk;
  const what = h("span");
  const keys = h("span", { class: "unseen" }, ` ${t("draw.hint_keys")}`);
  const hint = h("p", { id: "live-hint", class: "live-hint" }, what, keys);
  const undo = button(t("draw.undo"), () => live.pen.undo() && live.changed(), { kind: "second", name: "draw-undo" });
  const done = button(t("draw.done"), () => turn(false), { kind: "primary", name: "draw-done" });
  const draw = button(t("draw.draw"), () => turn(true), { kind: "primary", name: "draw-on" });
  draw.prepend(icon("pen"));
  undo.prepend(icon("undo"));
  const element = h("div", { class: "live-tools", role: "group", "aria-label": t("draw.tools"), hidden: true }, hint, undo, done, draw);
  /** @param {boolean} isOn */
  function turn(isOn) {
    live.pen.finish();
    live.pen.isOn = isOn;
    update();
    (isOn ? done : draw).focus();
    live.changed();
  }
  function update() {
    const { pen, drawing, mayDraw, isHidden } = live;
    const isOn = mayDraw && pen.isOn && !isHidden;
    element.hidden = !drawing.frozen;
    const words = t(isOn ? "draw.frozen_may" : "draw.frozen", { agent: agentName(app) });
    if (what.textContent !== words) {
      what.textContent = words;
    }
    keys.hidden = undo.hidden = done.hidden = !isOn;
    draw.hidden = isOn || !mayDraw || isHidden;
    undo.setAttribute("aria-disabled", String(!pen.mine.length));
  }
  return { element, update };
}
