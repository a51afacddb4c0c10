// Live drawing without a browser: words, places, shapes, the model, the delay. test_files.py lays the page beside it.

import assert from "node:assert/strict";
import { test } from "node:test";

const load = (name) => import(new URL(`./page/${name}`, import.meta.url).href);

const { read, readMark, Sluice } = await load("live_words.js");
const { Drawing, opacityOf } = await load("live_model.js");
const { frameOf, isCutOff, partOf, toPlace, toSpot } = await load("live_places.js");
const { outlineOf, rimOf, smooth } = await load("live_shapes.js");
const { Delay } = await load("live_delay.js");
const { placeOf } = await load("live_speech.js");

const MARK = { id: "a", shape: "pen", points: [[0.1, 0.2]], colour: "#ff0000" };
const full = (more = {}) => ({ ...MARK, width: 0.006, number: 0, by: "agent", fades: false, hold: "still", freeze: "", ...more });
const marks = (more) => ({ type: "live.marks", seq: 1, frame_ms: null, put: [], more: [], moved: [], gone: [], ...more });

test("what may be left out is filled in, what is unknown is left out", () => {
  assert.deepEqual(readMark({ ...MARK, onclick: "alert(1)" }), full());
  assert.deepEqual(read(JSON.stringify({ type: "live.marks", seq: 3, gone: ["x"] })), marks({ seq: 3, gone: ["x"] }));
  assert.deepEqual(read('{"type": "live.clear"}'), { type: "live.clear", by: "" });
});

test("what is not of the protocol is nothing", () => {
  const wrong = [
    { id: "A B" }, { shape: "star" }, { shape: ["pen"] }, { points: [] }, { points: [[0]] }, { points: [["0", 1]] }, { points: [[0, 3.5]] }, { points: Array(501).fill([0, 0]) },
    { colour: "red" }, { colour: "#FF0000" }, { colour: "#ff0000;" }, { width: 0 }, { width: 0.3 }, { number: 1.5 }, { number: 1000 }, { by: "service" }, { fades: 1 }, { hold: "gone" }, { freeze: "<b>" },
  ];
  for (const change of wrong) {
    assert.equal(readMark({ ...MARK, ...change }), null, JSON.stringify(change).slice(0, 60));
  }
  const texts = ["", "x", "1", "null", "[]", "{}", '{"type":"live.marks","seq":0}', '{"type":"live.marks","seq":1,"frame_ms":"1"}', '{"type":"live.seen","seq":1}', '{"type":"live.thaw"}',
    '{"type":"live.freeze_part","id":"a","index":-1,"data":""}', `{"type":"live.clear","x":"${"y".repeat(17_000)}"}`, JSON.stringify(marks({ put: Array(61).fill(MARK) })), new ArrayBuffer(3), undefined];
  for (const text of texts) {
    assert.equal(read(text), null, String(text).slice(0, 60));
  }
});

test("a burst passes, a flood does not, and then again", () => {
  const sluice = new Sluice();
  const passed = (from, count) => Array.from({ length: count }, (_, n) => sluice.passes(from + n / count)).filter(Boolean).length;
  assert.equal(passed(0, 1000), 300);
  assert.equal(passed(1001, 1000), 90);
  let all = true;
  for (let at = 60_000; at < 70_000; at += 33) { all &&= sluice.passes(at); }
  assert.ok(all, "thirty a second pass for ever");
});

test("a place goes to the screen and back, cut off, whole, mirrored", () => {
  for (const element of [{ width: 390, height: 844 }, { width: 844, height: 390 }, { width: 1280, height: 800 }]) {
    for (const picture of [{ width: 1280, height: 720 }, { width: 720, height: 1280 }, { width: 640, height: 480 }]) {
      for (const fit of ["cover", "contain"]) {
        for (const isMirrored of [false, true]) {
          const frame = frameOf(element, picture, { fit, isMirrored });
          assert.ok(Math.abs(frame.width / frame.height - picture.width / picture.height) < 1e-9);
          const isOver = frame.width > element.width + 1e-6 || frame.height > element.height + 1e-6;
          assert.equal(isOver, fit === "cover" && Math.abs(element.width / element.height - picture.width / picture.height) > 1e-9);
          for (const place of [[0, 0], [1, 1], [0.25, 0.75], [0.5, 0.5]]) {
            const back = toPlace(frame, toSpot(frame, place));
            assert.ok(Math.abs(back[0] - place[0]) < 2e-4 && Math.abs(back[1] - place[1]) < 2e-4);
          }
          assert.equal(toSpot(frame, [0, 0]).x > toSpot(frame, [1, 0]).x, isMirrored);
        }
      }
    }
  }
  assert.equal(frameOf({ width: 0, height: 1 }, { width: 1, height: 1 }, { fit: "cover" }), null);
  assert.deepEqual(toPlace({ x: 0, y: 0, width: 10, height: 10, isMirrored: false }, { x: -5, y: 50 }), [0, 1]);
});

test("what the edge cuts off is known; what lies outside of the picture itself is not missed", () => {
  const element = { width: 390, height: 844 };
  const frame = frameOf(element, { width: 1280, height: 720 }, { fit: "cover" });
  assert.equal(isCutOff(frame, element, [[0.5, 0.5]]), false);
  assert.equal(isCutOff(frame, element, [[0.5, 0.5], [0.05, 0.5]]), true);
  assert.equal(isCutOff(frame, element, [[-0.5, 0.5]]), false);
});

test("the picture has nine parts, and a mirror changes sides", () => {
  assert.equal(partOf([0.1, 0.9], false), "lower_left");
  assert.equal(partOf([0.1, 0.9], true), "lower_right");
  assert.equal(partOf([0.5, 0.5], false), "middle_middle");
  assert.equal(partOf([2, -1], false), "upper_right");
  assert.deepEqual(placeOf({ shape: "arrow", points: [[0.5, 0.5], [0.1, 0.9]] }), [0.1, 0.9]);
  assert.deepEqual(placeOf({ shape: "rectangle", points: [[0.2, 0.2], [0.4, 0.6]] }).map((one) => one.toFixed(3)), ["0.300", "0.400"]);
});

const numbers = (path) => path.match(/-?\d+(\.\d+)?/g).map(Number);

test("shapes go through their places and never hold anything but numbers", () => {
  const spots = [{ x: 10, y: 20 }, { x: 110, y: 70 }];
  for (const shape of ["pointer", "arrow", "line", "rectangle", "ellipse", "pen", "step"]) {
    for (const given of [spots, [spots[0]], [spots[0], spots[0]], [spots[0], { x: 5, y: 5 }, { x: 9, y: 7 }, { x: 1, y: 30 }]]) {
      const { path } = outlineOf(shape, given, 6);
      assert.doesNotMatch(path, /NaN|Infinity|undefined/, `${shape} ${given.length}`);
      assert.match(path || "M0 0", /^M[-\d. MLQaZl]+$/);
    }
  }
  assert.deepEqual(numbers(outlineOf("arrow", spots, 6).path).slice(0, 2), [110, 70], "the tip is the second place");
  const round = numbers(outlineOf("ellipse", spots, 6).path);
  const [xs, ys] = [round.filter((_, n) => n % 2 === 0), round.filter((_, n) => n % 2 === 1)];
  assert.deepEqual([Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)], [10, 110, 20, 70]);
  assert.ok(smooth([spots[0], { x: 50, y: 5 }, spots[1]]).startsWith("M10 20L30 12.5Q50 5 "));
  assert.equal(rimOf("#111418"), "#ffffff");
  assert.equal(rimOf("#ffffff"), "#111418");
});

test("a leaning ellipse touches all four sides of its corners", () => {
  const four = [{ x: 0, y: 0 }, { x: 100, y: 20 }, { x: 90, y: 90 }, { x: 10, y: 60 }];
  const flat = numbers(outlineOf("ellipse", four, 6).path);
  const spots = Array.from({ length: flat.length / 2 }, (_, n) => ({ x: flat[2 * n], y: flat[2 * n + 1] }));
  four.forEach((one, n) => {
    const other = four[(n + 1) % 4];
    const length = Math.hypot(other.x - one.x, other.y - one.y);
    const distances = spots.map(({ x, y }) => ((other.x - one.x) * (y - one.y) - (other.y - one.y) * (x - one.x)) / length);
    assert.ok(Math.min(...distances) > -0.02 && Math.min(...distances) < 0.5, `side ${n}: ${Math.min(...distances)}`);
  });
});

test("marks come, grow, move, go; no more than sixty", () => {
  const drawing = new Drawing();
  assert.deepEqual(drawing.take(marks({ put: [full()] }), 0).put, ["a"]);
  assert.deepEqual(drawing.take(marks({ seq: 2, more: [{ id: "a", points: [[0.3, 0.3]] }, { id: "nobody", points: [[0, 0]] }] }), 5).grown, ["a"]);
  assert.deepEqual(drawing.marks.get("a").points, [[0.1, 0.2], [0.3, 0.3]]);
  assert.deepEqual(drawing.take(marks({ moved: [{ id: "a", points: [[0, 0]], hold: "lost" }] }), 6).lost, ["a"]);
  assert.equal(drawing.isFollowing, true);
  assert.deepEqual(drawing.take(marks({ moved: [{ id: "a", points: [[0, 0]], hold: "following" }] }), 6).found, ["a"]);
  assert.equal(drawing.seq, 2);
  drawing.take(marks({ put: Array.from({ length: 60 }, (_, n) => full({ id: `m${n}` })) }), 7);
  assert.equal(drawing.marks.size, 60);
  assert.equal(drawing.take({ type: "live.clear", by: "customer" }, 8).cleared, 0);
  assert.equal(drawing.take({ type: "live.clear", by: "" }, 8).cleared, 60);
  assert.equal(drawing.take(marks({ put: [full({ points: Array(499).fill([0, 0]) })], more: [{ id: "a", points: [[0, 0], [1, 1]] }] }), 9).grown.length, 0, "a stroke has an end");
});

test("marks that fade do so after a while", () => {
  const mark = { ...full({ fades: true }), changedAt: 1_000 };
  assert.deepEqual([1_000, 5_000, 5_500, 6_000, 9_000].map((now) => opacityOf(mark, now)), [1, 1, 0.5, 0, 0]);
  assert.equal(opacityOf({ ...mark, fades: false }, 1e9), 1);
});

test("a frozen picture is put together of its parts in order, and no others", () => {
  const drawing = new Drawing();
  const part = (index, text, id = "f") => drawing.take({ type: "live.freeze_part", id, index, data: btoa(text) }, 0).freeze;
  drawing.take(marks({ put: [full({ id: "live" }), full({ id: "on-it", freeze: "f" })] }), 0);
  drawing.take({ type: "live.freeze", id: "f", width_px: 2, height_px: 2, size_bytes: 6, may_draw: true }, 0);
  assert.equal(part(1, "no"), null);
  assert.equal(part(0, "abc"), null);
  assert.equal(part(0, "abc"), null, "once");
  assert.equal(part(1, "no", "g"), null);
  assert.equal(part(1, "too long"), null);
  assert.equal(part(1, "def"), "whole");
  assert.equal(drawing.frozen, null, "not before it could be read");
  drawing.showFrozen(drawing.coming);
  assert.deepEqual(drawing.shown(0).map((mark) => mark.id), ["on-it"]);
  const change = drawing.take({ type: "live.thaw", id: "f" }, 0);
  assert.deepEqual([change.freeze, change.cleared], ["thawed", 1]);
  assert.deepEqual(drawing.shown(0).map((mark) => mark.id), ["live"]);
});

const found = (...points) => new Map([["a", { points, hold: "following" }]]);

test("the picture shown is as old as the places are late, never newer than the newest of them", () => {
  const delay = new Delay();
  assert.equal(delay.moment(1000), null);
  for (let n = 0; n < 30; n++) {
    delay.put(10_000 + n * 33, found([n / 100, 0.5]), 10_000 + n * 33 + (n % 5 === 0 ? 120 : 60));
  }
  const newest = 10_000 + 29 * 33;
  assert.equal(delay.moment(newest + 130), newest);
  assert.equal(delay.moment(newest + 100), newest - 20, "a little later than need be, so that the next late one is in time");
  assert.equal(delay.moment(newest + 400), null, "places stopped coming");
});

test("later than three tenths of a second is too late", () => {
  const delay = new Delay();
  delay.put(10_000, found([0, 0]), 10_450);
  assert.equal(delay.moment(10_460), null);
  assert.deepEqual(delay.where("a", null).points, [[0, 0]]);
});

test("between two findings a mark is between them; a lost one stays where it was", () => {
  const delay = new Delay();
  delay.put(10_000, found([0, 0]), 10_050);
  delay.put(10_040, found([0.4, 0.2]), 10_090);
  assert.deepEqual(delay.where("a", 10_010).points.map((one) => one.map((share) => share.toFixed(2))), [["0.10", "0.05"]]);
  assert.deepEqual(delay.where("a", 9_000).points, [[0, 0]]);
  assert.deepEqual(delay.where("a", 10_040).points, [[0.4, 0.2]]);
  delay.put(10_080, new Map([["a", { points: [[0.9, 0.9]], hold: "lost" }]]), 10_120);
  assert.deepEqual(delay.where("a", 10_079).points, [[0.4, 0.2]]);
  assert.equal(delay.where("a", 10_080).hold, "lost");
  delay.drop("a");
  assert.equal(delay.where("a", 10_010), null);
});

test("a mark that is not named lay still", () => {
  const delay = new Delay();
  delay.put(10_000, new Map([["a", { points: [[0, 0]], hold: "following" }], ["b", { points: [[1, 1]], hold: "following" }]]), 10_050);
  delay.put(10_500, new Map([["b", { points: [[1, 1]], hold: "following" }]]), 10_550);
  delay.put(10_540, found([0.4, 0]), 10_590);
  assert.deepEqual(delay.where("a", 10_500).points, [[0, 0]]);
  assert.deepEqual(delay.where("a", 10_520).points.map((one) => one.map((share) => share.toFixed(2))), [["0.20", "0.00"]]);
});

test("a clock that is no clock holds nothing back", () => {
  const delay = new Delay();
  delay.put(99_999_999, found([0, 0]), 10_000);
  assert.equal(delay.moment(10_010), null);
});
