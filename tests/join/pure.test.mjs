// The parts of the page that know no browser. test_files.py lays the page beside it, where node takes it for ES modules.

import assert from "node:assert/strict";
import { test } from "node:test";

const load = (name) => import(new URL(`./page/${name}`, import.meta.url).href);

const { TRANSITIONS, firstModel, next, troubleOf } = await load("screens.js");
const { browserKind } = await load("browser.js");
const chat = await load("chat.js");
const { Peer, preferred } = await load("peer.js");
const { STEPS, begin: beginLine } = await load("sound_first.js");
const { waitBefore } = await load("signaling.js");
const { reasonOf, videoConstraints } = await load("camera.js");
const { firstLanguage } = await load("texts.js");
const { deliver, mayHelp, Patience } = await load("upload.js");
const { byHand, sha256 } = await load("digest.js");
const { sizeOf } = await load("still.js");
const { newId, randomName } = await load("memory.js");
const { refusalOf } = await load("api.js");

const JOIN = { consents: null, call: null, case_kind: "parcel" };
const CALL = { id: "1", state: "waiting" };
const at = (screen, more = {}) => ({ ...firstModel(), screen, join: { ...JOIN, consents: ["video", "sound", "stills"] }, ...more });
const called = (state) => ({ type: "called", call: { ...CALL, state } });

test("without a link the code is asked for", () => {
  assert.equal(next(firstModel(), { type: "opened", hasLink: false }).screen, "code");
  assert.equal(next(firstModel(), { type: "opened", hasLink: true }).screen, "loading");
});

test("who comes in goes to where they were", () => {
  const cases = [
    [{ consents: null, call: null }, "welcome"],
    [{ consents: [], call: null }, "check"],
    [{ consents: ["video"], call: { state: "waiting" } }, "waiting"],
    ...["accepted", "connected", "on_hold", "reconnecting"].map((state) => [{ consents: ["video"], call: { state } }, "call"]),
    [{ consents: ["video"], call: { state: "wrap_up" } }, "thanks"],
    [{ consents: ["video"], call: { state: "ended" } }, "thanks"],
    [{ consents: ["video"], call: { state: "abandoned" } }, "check"],
  ];
  for (const [join, screen] of cases) {
    assert.equal(next(firstModel(), { type: "joined", join }).screen, screen, JSON.stringify(join));
  }
});

test("the usual way", () => {
  let model = next(firstModel(), { type: "joined", join: JOIN });
  const way = [
    [{ type: "begun" }, "consent"], [{ type: "consented", granted: ["video"] }, "check"], [{ type: "checked" }, "waiting"], [called("waiting"), "waiting"],
    [called("accepted"), "call"], [called("connected"), "call"], [called("on_hold"), "call"], [called("reconnecting"), "call"], [called("connected"), "call"],
    [called("wrap_up"), "thanks"],
  ];
  for (const [happening, screen] of way) {
    model = next(model, happening);
    assert.equal(model.screen, screen, JSON.stringify(happening));
  }
  assert.equal(model.ending, "over");
  assert.deepEqual(model.join.consents, ["video"]);
});

test("a call that ends while the line is away may be gone back to", () => {
  assert.equal(next(at("call", { channel: "lost", call: CALL }), called("wrap_up")).ending, "lost");
  assert.equal(next(at("call", { call: { state: "reconnecting" } }), called("wrap_up")).ending, "lost");
  assert.equal(next(at("thanks", { ending: "lost" }), { type: "again" }).screen, "check");
});

test("photos go back to where they were asked for", () => {
  const fromCheck = next(at("check"), { type: "photos_wanted" });
  assert.equal(next(fromCheck, { type: "back" }).screen, "check");
  assert.equal(next(fromCheck, { type: "photos_done" }).screen, "thanks");
  const fromWaiting = next(at("waiting"), { type: "photos_wanted" });
  assert.equal(next(fromWaiting, { type: "photos_done" }).screen, "waiting");
  assert.equal(next(fromWaiting, called("accepted")).screen, "call", "an agent who comes is not kept waiting by photos");
});

test("consent can be changed on the way and leads back", () => {
  const asked = next(next(at("waiting"), { type: "photos_wanted" }), { type: "consent_wanted" });
  assert.equal(asked.screen, "consent");
  assert.equal(next(asked, { type: "consented", granted: [] }).screen, "waiting");
  assert.equal(next(at("consent"), { type: "back" }).screen, "welcome");
});

test("each refusal has its own page", () => {
  const cases = {
    "invitation.expired": "expired", "invitation.revoked": "revoked", "invitation.used": "used", "invitation.unknown": "unknown",
    "invitation.other_device": "other_device", "invitation.code_locked": "locked", "rate.limited": "locked", "service.offline": "offline",
  };
  for (const [code, trouble] of Object.entries(cases)) {
    assert.equal(next(at("loading"), { type: "refused", refusal: { code, status: 410, params: {} } }).trouble, trouble);
  }
  assert.equal(troubleOf({ code: "x", status: 401, params: {} }), "session");
  assert.equal(troubleOf({ code: "x", status: 503, params: {} }), "offline");
  assert.equal(troubleOf({ code: "x", status: 400, params: {} }), "bug");
});

test("a wrong code stays where it can be mended", () => {
  const code = { ...firstModel(), screen: "code" };
  const wrong = next(code, { type: "refused", refusal: { code: "invitation.wrong_code", status: 404, params: {} } });
  assert.deepEqual([wrong.screen, wrong.codeProblem], ["code", "code.wrong"]);
  const locked = next(code, { type: "refused", refusal: { code: "invitation.code_locked", status: 429, params: { retry_after_s: 90 } } });
  assert.deepEqual([locked.screen, locked.trouble, locked.retryAfterS], ["trouble", "locked", 90]);
});

test("every happening on every screen gives a screen and keeps the model whole", () => {
  const screens = ["loading", "code", "welcome", "consent", "check", "waiting", "call", "photos", "thanks", "trouble"];
  const happenings = [
    ...["code_wanted", "begun", "checked", "photos_wanted", "photos_done", "consent_wanted", "back", "left", "hung_up", "again"].map((type) => ({ type })),
    { type: "joined", join: JOIN }, { type: "consented", granted: [] }, { type: "channel", state: "lost" }, { type: "broken", trouble: "replaced" },
    ...["waiting", "accepted", "connected", "on_hold", "reconnecting", "wrap_up", "ended", "abandoned"].map(called),
    { type: "refused", refusal: { code: "x", status: 500, params: {} } },
  ];
  for (const screen of screens) {
    for (const join of [null, JOIN, { ...JOIN, consents: [] }]) {
      for (const happening of happenings) {
        const model = next(at(screen, { join }), happening);
        assert.ok(screens.includes(model.screen), `${screen} ${happening.type}`);
        assert.deepEqual(Object.keys(model).sort(), Object.keys(firstModel()).sort());
      }
    }
  }
});

test("no row of the table is hidden behind an earlier one", () => {
  const seen = new Set();
  for (const [from, type, guard] of TRANSITIONS) {
    assert.ok(!seen.has(`${from} ${type} always`), `${from} ${type}`);
    seen.add(`${from} ${type} ${guard}`);
  }
});

test("chat: what stands stands once, and knows what is unread", () => {
  const line = { type: "chat.line", seq: 1, call_id: "c", message_id: "m", sender: "agent", text: "Hallo", at: "2026-01-01T10:00:00Z" };
  const one = chat.stands(chat.emptyChat(), line);
  assert.deepEqual(chat.stands(one, line), one);
  assert.equal(one.unread, 1);
  assert.equal(chat.opened(one, true).unread, 0);
  const own = chat.written(chat.emptyChat(), "m2", "Ja", "2026-01-01T10:00:01Z");
  assert.equal(own.lines[0].isSent, false);
  const stood = chat.stands(own, { ...line, message_id: "m2", sender: "customer", text: "Ja" });
  assert.deepEqual([stood.lines.length, stood.lines[0].isSent, stood.unread], [1, true, 0]);
});

test("codecs: H264 constrained baseline, then VP8, the rest as it was", () => {
  const codec = (mimeType, sdpFmtpLine) => ({ mimeType, clockRate: 90000, sdpFmtpLine });
  const plain = codec("video/H264", "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f");
  const high = codec("video/H264", "packetization-mode=1;profile-level-id=640c1f");
  const order = preferred([codec("video/VP9"), codec("video/VP8"), codec("video/rtx"), high, codec("video/AV1"), plain]);
  assert.deepEqual(order.map((one) => one.sdpFmtpLine ?? one.mimeType),
    [plain.sdpFmtpLine, "video/VP8", high.sdpFmtpLine, "video/VP9", "video/rtx", "video/AV1"]);
});

test("waiting before another try grows and has a ceiling", () => {
  assert.deepEqual([0, 1, 2, 10].map((tries) => waitBefore(tries, 0)), [300, 600, 1200, 8000]);
  assert.ok(waitBefore(3, 1) >= 1600 && waitBefore(3, 1) < 2400);
});

test("the help for a blocked camera fits the browser", () => {
  const agents = {
    chrome_android: "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
    samsung: "Mozilla/5.0 (Linux; Android 14; SM-S921B) AppleWebKit/537.36 SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36",
    firefox_android: "Mozilla/5.0 (Android 14; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0",
    safari_ios: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 Version/18.4 Mobile/15E148 Safari/604.1",
    other_ios: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 CriOS/140.0.0.0 Mobile/15E148 Safari/604.1",
    chrome: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    firefox: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    safari: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.4 Safari/605.1.15",
    in_app: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 [FBAN/FBIOS;FBAV/500.0]",
  };
  for (const [kind, agent] of Object.entries(agents)) {
    assert.equal(browserKind(agent, 0), kind);
  }
  assert.equal(browserKind(agents.safari, 5), "safari_ios", "an iPad says that it is a Mac");
});

test("why a camera cannot be had", () => {
  const error = (name) => Object.assign(new Error("x"), { name });
  assert.deepEqual(["NotAllowedError", "NotFoundError", "OverconstrainedError", "NotReadableError", "AbortError"].map((name) => reasonOf(error(name))),
    ["blocked", "missing", "missing", "busy", "busy"]);
  assert.deepEqual(videoConstraints("user", null).facingMode, { ideal: "user" });
  assert.deepEqual(videoConstraints("user", "abc").deviceId, { exact: "abc" });
});

test("the first language: chosen, else the browser's, else Dutch", () => {
  assert.equal(firstLanguage("en", ["nl-NL"]), "en");
  assert.equal(firstLanguage(null, ["fr-FR", "en-US"]), "en");
  assert.equal(firstLanguage(null, ["de-DE"]), "nl");
  assert.equal(firstLanguage("xx", []), "nl");
});

test("small things: ids, names, refusals, tries", () => {
  assert.match(newId(), /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.match(randomName(24), /^[A-Za-z0-9_-]{32}$/);
  assert.deepEqual(refusalOf(502, "<html>").code, "service.offline");
  assert.deepEqual(refusalOf(410, { code: "invitation.used" }).code, "invitation.used");
  assert.deepEqual([0, 429, 503, 413, 403, 415].map(mayHelp), [true, true, true, false, false, false]);
});

test("the service's ping is answered at once with its number: a hidden page's timers sleep", async () => {
  const { Channel } = await load("signaling.js");
  const sent = [];
  class Socket {
    constructor() {
      Socket.newest = this;
    }
    send(text) {
      sent.push(JSON.parse(text));
    }
    close() {}
  }
  const nothing = () => 0;
  Object.assign(globalThis, { WebSocket: Socket, window: { addEventListener: nothing, removeEventListener: nothing, setInterval: nothing, setTimeout: nothing } });
  const told = [];
  const channel = new Channel({ url: "wss://desk.test/ws/customer", token: "t", connection: "c", onMessage: (message) => told.push(message.type), onState: nothing, onRefused: nothing });
  const hear = (message) => Socket.newest.onmessage({ data: JSON.stringify(message) });
  Socket.newest.onopen();
  hear({ type: "ping", n: 1 });
  assert.deepEqual(sent.map((message) => message.type), ["hello"], "nothing before the welcome");
  hear({ type: "welcome", seq: 1, calls: [] });
  hear({ type: "ping", n: 2 });
  hear({ type: "pong", n: 2 });
  assert.deepEqual(sent.slice(1), [{ type: "ping", n: 2 }]);
  assert.deepEqual(told, ["welcome"]);
  channel.close();
});

test("the sum by hand is the browser's", async () => {
  for (const size of [0, 1, 55, 56, 63, 64, 65, 119, 120, 4_321, 1_000_003]) {
    const bytes = Uint8Array.from({ length: size }, (_, index) => (index * 31 + size) % 256).buffer;
    assert.equal(await byHand(bytes), await sha256(bytes), String(size));
  }
  assert.equal(await byHand(new TextEncoder().encode("abc").buffer), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

test("the size of a picture is read from its head", () => {
  const jpeg = [0xff, 0xd8, 0xff, 0xe1, 0, 4, 9, 9, 0xff, 0xff, 0xc0, 0, 17, 8, 0x0b, 0xb8, 0x0f, 0xa0, 3];
  assert.deepEqual(sizeOf(Uint8Array.from(jpeg)), { width: 4000, height: 3000 });
  const png = [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 5, 0, 0, 0, 2, 0xd0, 8];
  assert.deepEqual(sizeOf(Uint8Array.from(png)), { width: 1280, height: 720 });
  for (const other of [[], [0xff, 0xd8], [0xff, 0xd8, 0xff, 0xe1, 0xff, 0xff], Array(40).fill(7)]) {
    assert.equal(sizeOf(Uint8Array.from(other)), null);
  }
});

/** A service end of tus: `answers` are what happens to the requests in turn; gives what was asked and what arrived. */
function tus(size, answers) {
  const seen = [];
  let there = null;
  let isKept = false;
  globalThis.XMLHttpRequest = class {
    constructor() {
      this.upload = {};
      this.headers = {};
      this.answered = {};
      this.responseText = "";
    }
    open(method) {
      this.method = method;
    }
    setRequestHeader(name, value) {
      this.headers[name] = value;
    }
    getResponseHeader(name) {
      return this.answered[name] ?? null;
    }
    abort() {}
    send(body) {
      // Only a still that the service made an original with its bytes answers the PUT well; the upload itself is gone then.
      const given = this.method === "PUT" ? { status: isKept ? 200 : 404 } : answers[seen.length] ?? { status: 204 };
      const { status, takes = Infinity, code } = given;
      seen.push([this.method, this.headers["Upload-Offset"] ?? null, body?.size ?? 0]);
      if (body && ((status >= 200 && status < 300) || takes !== Infinity)) {
        there = Math.min((there ?? 0) + body.size, (there ?? 0) + takes, size);
      }
      this.status = this.method === "HEAD" && status === 204 ? (there === null ? 404 : 200) : status;
      if (given.keeps) {
        isKept = true;
        there = status ? there : null;
      }
      this.responseText = code ? JSON.stringify({ code }) : given.keeps && status ? JSON.stringify({ snapshot_id: "s" }) : "";
      this.answered["Upload-Offset"] = this.status >= 200 && this.status < 300 ? String(there) : undefined;
      queueMicrotask(() => this.onloadend());
    }
  };
  return { seen, there: () => there };
}

async function delivered(answers, isResumed = false) {
  const bytes = new Blob(["0123456789"]);
  const service = tus(bytes.size, answers);
  const patience = new Patience(() => queueMicrotask(() => patience.hurry()));
  const still = { call_id: "c", snapshot_id: "s", upload_id: "id", method: "take_photo", digest: "d", captured_at: "2026-01-05T09:00:00Z" };
  const { refusal, isKept } = await deliver({ still, bytes, isResumed, token: () => "t", patience, onProgress: () => undefined });
  return { refusal, isKept, seen: service.seen, there: service.there() };
}

test("an upload goes on where it broke off", async () => {
  assert.deepEqual(await delivered([{ status: 201 }]), { refusal: null, isKept: false, seen: [["POST", null, 10]], there: 10 });
  const cut = await delivered([{ status: 0, takes: 4 }]);
  assert.deepEqual(cut, { refusal: null, isKept: false, seen: [["POST", null, 10], ["HEAD", null, 0], ["PATCH", "4", 6]], there: 10 });
  const never = await delivered([{ status: 0 }]);
  assert.deepEqual(never.seen.map(([method]) => method), ["POST", "HEAD", "PUT", "POST"]);
  const lost = await delivered([{ status: 0, takes: 10 }]);
  assert.deepEqual(lost.seen.map(([method]) => method), ["POST", "HEAD"], "only the answer was lost");
  const moved = await delivered([{ status: 0, takes: 4 }, { status: 204 }, { status: 409, code: "upload.wrong_offset" }]);
  assert.deepEqual(moved.seen.map(([method]) => method), ["POST", "HEAD", "PATCH", "HEAD", "PATCH"]);
  const away = await delivered([{ status: 503 }, { status: 503 }, { status: 0 }]);
  assert.deepEqual(away.seen.map(([method]) => method), ["POST", "HEAD", "HEAD", "HEAD", "PUT", "POST"]);
  assert.deepEqual((await delivered([], true)).seen.map(([method]) => method), ["HEAD", "PUT", "POST"]);
});

test("a still that was kept with its bytes is not sent again", async () => {
  const once = await delivered([{ status: 201, keeps: true }]);
  assert.deepEqual([once.isKept, once.seen.length], [true, 1]);
  const lost = await delivered([{ status: 0, takes: 10, keeps: true }]);
  assert.deepEqual([lost.isKept, lost.refusal, lost.seen.map(([method]) => method)], [true, null, ["POST", "HEAD", "PUT"]]);
});

test("an upload that is not wanted is not tried for ever", async () => {
  for (const [status, code] of [[413, "upload.too_large"], [403, "consent.missing"], [401, "session.unknown"], [409, "upload.differs"], [410, "invitation.used"]]) {
    const { refusal, seen } = await delivered([{ status, code }]);
    assert.equal(refusal.code, code);
    assert.equal(seen.length, 1);
  }
});

const quick = await load("quick_verdict.js");
const FINE = { sound: "ok", picture: "ok", service: "ok", relay: "ok", upKbps: 4000 };
const judged = (more, hasPhone = false) => quick.verdict({ ...FINE, ...more }, hasPhone);

test("the quick check: all fine, with one device missing, with none", () => {
  assert.deepEqual(judged({}), { isGood: true, keys: ["quick.good_both"] });
  assert.deepEqual(judged({ sound: null }).keys, ["quick.good_video"]);
  assert.deepEqual(judged({ picture: null, relay: null, upKbps: null }), { isGood: true, keys: ["quick.good_audio"] });
  assert.deepEqual(judged({ sound: null, picture: null }).keys, ["quick.good_none"]);
});

test("the quick check: what is wrong, the most serious first, never more than two lines", () => {
  assert.deepEqual(judged({ service: "down" }, true).keys, ["quick.no_service_phone"]);
  assert.deepEqual(judged({ service: "down", relay: "down", upKbps: 1, picture: "black", sound: "silent" }).keys, ["quick.no_service", "quick.silent"]);
  assert.deepEqual(judged({ relay: "down", upKbps: 1 }).keys, ["quick.no_relay"]);
  assert.deepEqual(judged({ upKbps: quick.WEAK_KBPS - 1 }).keys, ["quick.weak"]);
  assert.deepEqual(judged({ upKbps: quick.WEAK_KBPS }).keys, ["quick.good_both"]);
  assert.deepEqual(quick.verdict(quick.NOTHING_KNOWN, true), { isGood: false, keys: ["quick.unknown"] });
});

test("a cover is black, a dim room is not; zeros are silence, a quiet room is not", () => {
  const pixels = (luma, spot) => Array.from({ length: 400 }, (_, at) => (at % 4 === 3 ? 255 : at < 8 ? spot : luma));
  assert.equal(quick.pictureOf(pixels(3, 6)), "black");
  assert.equal(quick.pictureOf(pixels(8, 120)), "ok");
  assert.equal(quick.pictureOf(pixels(40, 40)), "ok");
  assert.equal(quick.soundOf(0), "silent");
  assert.equal(quick.soundOf(0.001), "ok");
});

test("whether there is a relay to reach", () => {
  assert.equal(quick.hasRelay([]), false);
  assert.equal(quick.hasRelay([{ urls: ["stun:a"] }]), false);
  assert.equal(quick.hasRelay([{ urls: ["stun:a"] }, { urls: ["turns:b"] }]), true);
});

test("a line that was seen to carry little begins with little", () => {
  const bps = (upKbps) => STEPS[beginLine(0, new Peer({}, { sound: true, video: true }, upKbps).expectedBps).step].bps;
  assert.equal(bps(null), 2_500_000);
  assert.equal(bps(5_000), 2_500_000);
  assert.equal(bps(95), 30_000);
  assert.equal(bps(200), 60_000);
  assert.equal(bps(600), 2_500_000);
});
