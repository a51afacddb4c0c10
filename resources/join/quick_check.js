// A check of three seconds at most, beside the camera's picture and in the waiting room: does the microphone give sound, the camera a
// picture, the connection enough? It says so in a line and stands in nobody's way.

import { ROOT } from "./api.js";
import { h, icon } from "./dom.js";
import { hasRelay, NOTHING_KNOWN, pictureOf, soundOf, verdict } from "./quick_verdict.js";
import { audioContext } from "./sounds.js";
import { language, t } from "./texts.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./quick_verdict.js").Found} Found */
/** @typedef {{state: "idle" | "running" | "done", found: Found, about: string, lookers: Set<() => void>}} Check */

export const LIMIT_MS = 2_800;
const LOOK_MS = 100;
const FIRST_BYTES = 48 * 1024;
const SECOND_BYTES = 192 * 1024;
/** So fast that the first transfer says little. */
const QUICK_MS = 400;

/** One per page; it lives on from the camera's screen to the waiting room. @type {WeakMap<App, Check>} */
const checks = new WeakMap();

/** @param {App} app @returns {Check} */
function checkOf(app) {
  const known = checks.get(app) ?? { state: "idle", found: NOTHING_KNOWN, about: "", lookers: new Set() };
  checks.set(app, known);
  return known;
}

/** What the line carried up when it was looked at, in kbit/s; null: not known. @param {App} app */
export const upKbpsOf = (app) => checks.get(app)?.found.upKbps ?? null;

/**
 * The line that says how it is. `update` begins the check once camera and microphone have answered, and again when they are others.
 * @param {App} app
 * @returns {{element: HTMLElement, update: () => void, close: () => void}}
 */
export function quickCheck(app) {
  const check = checkOf(app);
  const words = h("div", { class: "quick-words", role: "status" });
  const sign = h("span", { class: "quick-sign" });
  const again = h("button", { type: "button", class: "button quiet", "data-name": "check-again", onclick: () => void run(app, check) });
  const element = h("div", { class: "note quick", "data-name": "quick", hidden: true }, sign, h("div", { class: "quick-rest" }, words, again));
  let drawn = "";
  const draw = () => {
    const { isGood, keys } = verdict(check.found, Boolean(app.phoneNumber));
    const isRunning = check.state === "running";
    const now = JSON.stringify([check.state, keys, language()]);
    if (now === drawn) {
      return;
    }
    drawn = now;
    const hadFocus = document.activeElement === again;
    element.hidden = check.state === "idle";
    element.dataset["state"] = isRunning ? "running" : isGood ? "good" : "amber";
    element.className = `note quick ${isRunning ? "plain" : isGood ? "good" : "amber"}`;
    sign.replaceChildren(icon(isRunning ? "info" : isGood ? "check" : "alert"));
    words.replaceChildren(...(isRunning ? ["quick.running"] : keys).map((key) => h("p", {}, t(key))));
    again.textContent = t("quick.again");
    again.hidden = isRunning || isGood;
    if (hadFocus && again.hidden) {
      words.tabIndex = -1;
      words.focus();
    }
  };
  check.lookers.add(draw);
  return {
    element,
    update: () => {
      const { audioState, videoState, audio, video } = app.camera;
      const isAsking = audioState === "asking" || videoState === "asking";
      const wants = app.wants();
      const hasAsked = audioState !== "off" || videoState !== "off" || (!wants.audio && !wants.video);
      const about = `${audio?.id ?? ""} ${video?.id ?? ""}`;
      if (hasAsked && !isAsking && check.state !== "running" && about !== check.about) {
        void run(app, check);
      }
      draw();
    },
    close: () => check.lookers.delete(draw),
  };
}

/**
 * @param {App} app
 * @param {Check} check
 */
async function run(app, check) {
  const { audio, video } = app.camera;
  Object.assign(check, { state: "running", found: NOTHING_KNOWN, about: `${audio?.id ?? ""} ${video?.id ?? ""}` });
  const tell = () => check.lookers.forEach((draw) => draw());
  tell();
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), LIMIT_MS);
  const [sound, picture, line] = await Promise.all([
    app.camera.isMuted ? null : hear(audio, stop.signal), look(app, video, stop.signal), ask(app, stop.signal),
  ]);
  clearTimeout(timer);
  Object.assign(check, { state: "done", found: { sound, picture, ...line } });
  tell();
  app.draw(); // camera or microphone may be others by now: then it begins anew
}

/** Until the time is over. @param {AbortSignal} signal */
const pause = (signal, ms = LOOK_MS) => new Promise((resolve) => {
  const timer = setTimeout(resolve, ms);
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    resolve(undefined);
  }, { once: true });
});

/**
 * Whether the microphone gives anything; null where nobody can know (no microphone, or the browser's sound sleeps).
 * @param {MediaStreamTrack | null} track
 * @param {AbortSignal} signal
 */
async function hear(track, signal) {
  const audio = track && audioContext();
  if (!track || !audio) {
    return null;
  }
  const source = audio.createMediaStreamSource(new MediaStream([track]));
  const analyser = new AnalyserNode(audio, { fftSize: 2048 });
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let peak = 0;
  let looks = 0;
  while (!signal.aborted && soundOf(peak) !== "ok") {
    await pause(signal);
    if (audio.state === "running") {
      looks += 1;
      analyser.getFloatTimeDomainData(samples);
      peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), peak);
    }
  }
  source.disconnect();
  return looks ? soundOf(peak) : null;
}

/**
 * Whether the camera gives a picture that is not black; null where there is no picture to look at.
 * @param {App} app
 * @param {MediaStreamTrack | null} track
 * @param {AbortSignal} signal
 */
async function look(app, track, signal) {
  const canvas = Object.assign(document.createElement("canvas"), { width: 32, height: 24 });
  const paper = track && canvas.getContext("2d", { willReadFrequently: true });
  if (!track || !paper) {
    return null;
  }
  /** @type {import("./quick_verdict.js").PictureFound | null} */
  let found = null;
  while (!signal.aborted && found !== "ok") {
    await pause(signal);
    if (app.ownVideo.videoWidth && track.readyState === "live") {
      paper.drawImage(app.ownVideo, 0, 0, canvas.width, canvas.height);
      found = pictureOf(paper.getImageData(0, 0, canvas.width, canvas.height).data);
    }
  }
  return found;
}

/**
 * The service, the relay as a call would use it, and how much goes up.
 * @param {App} app
 * @param {AbortSignal} signal
 * @returns {Promise<Pick<Found, "service" | "relay" | "upKbps">>}
 */
async function ask(app, signal) {
  const headers = { Accept: "application/json", Authorization: `Bearer ${app.token}` };
  try {
    const response = await fetch(`${ROOT}/line`, { headers, signal, cache: "no-store", credentials: "omit" });
    if (!response.ok) {
      // An older service, too many checks, a token that ended: it answers, and the page says elsewhere what is wrong.
      return { service: response.status >= 500 ? "down" : "ok", relay: null, upKbps: null };
    }
    const line = /** @type {import("./types").LineView} */ (await response.json());
    const [relay, upKbps] = await Promise.all([reach(line.ice_servers, signal), measure(headers, signal)]);
    return { service: "ok", relay, upKbps };
  } catch {
    return { service: "down", relay: null, upKbps: null };
  }
}

/**
 * @param {import("./types").IceServer[]} servers
 * @param {AbortSignal} signal
 * @returns {Promise<import("./quick_verdict.js").LineFound | null>}
 */
async function reach(servers, signal) {
  if (!hasRelay(servers)) {
    return null;
  }
  const iceServers = servers.map(({ urls, username, credential }) => ({ urls, ...(username ? { username } : {}), ...(credential ? { credential } : {}) }));
  const peer = new RTCPeerConnection({ iceServers, iceTransportPolicy: "relay" });
  try {
    const isReached = new Promise((resolve) => {
      peer.onicecandidate = ({ candidate }) => {
        if (candidate?.candidate) {
          resolve(true);
        } else if (candidate === null) {
          resolve(false);
        }
      };
      signal.addEventListener("abort", () => resolve(false), { once: true });
    });
    peer.createDataChannel("check");
    await peer.setLocalDescription();
    return await isReached ? "ok" : "down";
  } catch {
    return null;
  } finally {
    peer.close();
  }
}

/**
 * Roughly how much goes up, in kbit/s; of a transfer that was not done in time: less than this.
 * @param {Record<string, string>} headers
 * @param {AbortSignal} signal
 */
async function measure(headers, signal) {
  let kbps = null;
  for (const size of [FIRST_BYTES, SECOND_BYTES]) {
    const began = performance.now();
    const speed = () => size * 8 / Math.max(1, performance.now() - began);
    try {
      const body = crypto.getRandomValues(new Uint8Array(Math.min(size, 65_536)));
      const response = await fetch(`${ROOT}/line/up`, {
        method: "POST", signal, body: new Blob(Array.from({ length: Math.ceil(size / body.length) }, () => body)), credentials: "omit",
        headers: { ...headers, "Content-Type": "application/octet-stream" },
      });
      if (!response.ok) {
        return kbps;
      }
      kbps = speed();
    } catch {
      return kbps ?? (signal.aborted ? speed() : null);
    }
    if (performance.now() - began > QUICK_MS) {
      break;
    }
  }
  return kbps;
}
