// The full-resolution stills that the agent asks for: taken one after another, kept until the desk has them, brought there whatever happens.

import { sha256 } from "./digest.js";
import { Kept } from "./keep.js";
import { newId } from "./memory.js";
import { TALKING } from "./screens.js";
import { measured, StillTaker } from "./still.js";
import { deliver, discard, mayHelp, Patience, putStill, warmUp } from "./upload.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./keep.js").StillRecord} StillRecord */
/** @typedef {import("./types").StillProgress} StillProgress */
/** @typedef {"waiting" | "offered" | "taking" | "unsent" | "sending" | "sent" | "failed"} StillState */
/** @typedef {{record: StillRecord, blob: Blob | null, state: StillState, sent: number, isResumed: boolean, securing: Promise<unknown>, digest: Promise<string>}} Entry */

const REPORT_MS = 300;
const KEPT_MS = 48 * 3_600_000;
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Only one window of this browser sends a still at a time, where the browser can see to it. Two would disturb, not double, each other.
 * @param {string} id @param {() => Promise<void>} work
 */
function alone(id, work) {
  return navigator.locks ? navigator.locks.request(`videodesk.still.${id}`, work) : work();
}

export class Stills {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    this.kept = new Kept();
    this.taker = new StillTaker();
    this.patience = new Patience(() => app.draw());
    /** @type {Entry[]} */
    this.entries = [];
    /** Asked for before a reload and not taken. @type {StillRecord[]} */
    this.orphans = [];
    this.isTaking = false;
    this.isSending = false;
    this.refusals = 0;
    /** Something was still on its way when the call was over. */
    this.isLate = false;
    this.reportedAt = 0;
    this.warn = (/** @type {BeforeUnloadEvent} */ event) => {
      event.preventDefault();
      event.returnValue = true;
    };
  }

  /** Taken and not in the case yet. */
  get unsent() {
    return this.entries.filter(({ state }) => state === "unsent" || state === "sending");
  }

  /** Pictures are on their way, the customer's own photos among them: the page should stay open. */
  get isBusy() {
    return this.unsent.length > 0 || this.app.uploads.isWorking;
  }

  /** How much of what is unsent is there, 0 … 1. */
  get progress() {
    const all = this.unsent;
    const size = all.reduce((sum, { blob }) => sum + (blob?.size ?? 0), 0);
    return size ? all.reduce((sum, { sent }) => sum + sent, 0) / size : 0;
  }

  /** The still that the agent wants from the phone's own camera. */
  get offered() {
    return this.entries.find(({ state }) => state === "offered") ?? null;
  }

  /** What an earlier page of this browser could not finish. */
  async resume() {
    for (const record of await this.kept.all()) {
      if (record.asked_at < Date.now() - KEPT_MS) {
        await this.kept.remove(record.id);
      } else if (!record.bytes) {
        this.orphans.push(record);
      } else if (!this.entries.some((one) => one.record.id === record.id)) {
        this.entries.push(this.entryOf(record, "unsent", true));
      }
    }
    this.changed();
    void this.send();
  }

  /** The line is open: what was asked for before a reload can be answered. */
  welcomed() {
    this.patience.hurry();
    const { call } = this.app.model;
    if (!call || !TALKING.has(call.state)) {
      return;
    }
    for (const record of this.orphans.splice(0)) {
      const entry = this.entryOf(record, "offered", false);
      if (record.call_id === call.id && record.ask === "native_camera") {
        this.entries.push(entry); // the phone's camera app may have pushed this page out of memory
      } else {
        this.fail(entry, "still.camera_failed");
      }
    }
    this.changed();
  }

  /** @param {StillRecord} record @param {StillState} state @param {boolean} isResumed @returns {Entry} */
  entryOf(record, state, isResumed) {
    const { bytes } = record;
    return {
      record, state, isResumed, sent: 0, blob: bytes && new Blob([bytes], { type: record.media_type }), securing: Promise.resolve(),
      digest: bytes ? sha256(bytes) : Promise.resolve(""),
    };
  }

  /** @param {"take_still" | "native_camera"} ask @param {string} callId @param {string} snapshotId */
  asked(ask, callId, snapshotId) {
    if (this.entries.some(({ record, state }) => record.snapshot_id === snapshotId && record.ask === ask && state !== "failed")) {
      return;
    }
    /** @type {StillRecord} */
    const record = {
      id: newId(), snapshot_id: snapshotId, call_id: callId, token: this.app.token, ask, asked_at: Date.now(), method: null, captured_at: "", media_type: "",
      width_px: 0, height_px: 0, bytes: null, is_uploaded: false,
    };
    const entry = this.entryOf(record, ask === "native_camera" ? "offered" : "waiting", false);
    this.entries.push(entry);
    if (!this.app.model.join?.consents?.includes("stills")) {
      this.fail(entry, "still.consent");
      return;
    }
    entry.securing = this.kept.put(record);
    this.changed();
    void this.take();
  }

  // ── taking ────────────────────────────────────────────────────────────────────────────────────────────────────────

  async take() {
    if (this.isTaking) {
      return;
    }
    this.isTaking = true;
    for (let entry = this.next("waiting"); entry; entry = this.next("waiting")) {
      await this.takeOne(entry);
    }
    this.isTaking = false;
  }

  /** @param {StillState} state */
  next(state) {
    return this.entries.find((entry) => entry.state === state);
  }

  /** @param {Entry} entry */
  async takeOne(entry) {
    const { camera, talk, model } = this.app;
    if (!camera.video || model.call?.state === "on_hold") {
      this.fail(entry, this.app.wants().video ? "still.camera_failed" : "still.unsupported");
      return;
    }
    this.move(entry, "taking");
    void warmUp(this.app.token);
    try {
      const { blob, bytes, method, width, height } = await this.taker.take(camera, async (factor) => talk.peer?.shrink(factor));
      if (entry.state === "taking") {
        this.took(entry, blob, method, { width, height }, Date.now(), bytes);
      }
    } catch {
      if (entry.state === "taking") {
        this.fail(entry, "still.camera_failed");
      }
    }
  }

  /** The picture of the phone's own camera app. @param {Entry} entry @param {File} file */
  async tookNative(entry, file) {
    const size = await measured(file).catch(() => ({ width: 0, height: 0 })); // the service says whether it is a photo
    const { asked_at: from } = entry.record;
    this.took(entry, file, "native_camera", size, file.lastModified >= from && file.lastModified <= Date.now() ? file.lastModified : Date.now());
  }

  /**
   * It is here: on the disk and on its way at the same time.
   * @param {Entry} entry @param {Blob} blob @param {import("./keep.js").StillMethod} method @param {{width: number, height: number}} size @param {number} at
   * @param {ArrayBuffer} [bytes] where they were read already
   */
  took(entry, blob, method, { width, height }, at, bytes) {
    if (blob.size > MAX_BYTES || !blob.size) {
      this.fail(entry, "still.camera_failed");
      return;
    }
    const { record, securing } = entry;
    Object.assign(record, {
      method, media_type: blob.type, width_px: width, height_px: height, captured_at: new Date(at + this.app.talk.clockOffset).toISOString(),
    });
    entry.blob = blob;
    const reading = bytes ? Promise.resolve(bytes) : blob.arrayBuffer();
    entry.digest = reading.then(sha256);
    entry.securing = Promise.all([reading, securing]).then(([read]) => {
      record.bytes = read;
      return entry.state === "sent" ? undefined : this.kept.put(record);
    });
    this.move(entry, "unsent");
    void this.send();
  }

  /** @param {Entry} entry */
  decline(entry) {
    this.fail(entry, "still.declined");
  }

  /** The call is over: what was not taken is not taken any more. Before the line closes. */
  abandon() {
    for (const entry of this.entries) {
      if (entry.state === "waiting" || entry.state === "offered" || entry.state === "taking") {
        this.fail(entry, "still.camera_failed");
      }
    }
  }

  // ── sending ───────────────────────────────────────────────────────────────────────────────────────────────────────

  async send() {
    if (this.isSending) {
      return;
    }
    this.isSending = true;
    for (let entry = this.next("unsent"); entry; entry = this.next("unsent")) {
      const one = entry;
      await alone(one.record.id, () => this.sendOne(one));
    }
    this.isSending = false;
  }

  /** The token of the page's own call where this still belongs to it, else the one it was taken with. @param {StillRecord} record */
  tokenOf(record) {
    return this.app.token && this.app.model.join?.call?.id === record.call_id ? this.app.token : record.token;
  }

  /** @param {Entry} entry */
  async sendOne(entry) {
    const { record, blob } = entry;
    if (!blob || (entry.isResumed && !(await this.kept.has(record.id)))) {
      this.move(entry, "sent"); // another window brought it
      return;
    }
    this.move(entry, "sending");
    const { call_id, snapshot_id, method, captured_at } = record;
    const still = { call_id, snapshot_id, upload_id: record.id, method: method ?? "take_photo", digest: await entry.digest, captured_at };
    for (let tries = 1; ; tries += 1) {
      const { refusal, isKept } = record.is_uploaded ? { refusal: null, isKept: false } : await deliver({
        still, bytes: blob, isResumed: entry.isResumed, token: () => this.tokenOf(record), patience: this.patience,
        onProgress: (sent) => this.progressed(entry, sent),
      });
      if (refusal) {
        await this.refused(entry, refusal);
        return;
      }
      entry.sent = blob.size;
      record.is_uploaded = true;
      const problem = isKept ? null : await putStill(this.tokenOf(record), record.id, still);
      if (!problem) {
        this.move(entry, "sent");
        await entry.securing;
        await this.kept.remove(record.id);
        entry.blob = record.bytes = null; // a call may have dozens of them
        return;
      }
      if (/^upload\.|digest_mismatch$/.test(problem.code) && tries < 10) {
        if (problem.code.endsWith("digest_mismatch")) {
          await discard(record.id, this.tokenOf(record));
        }
        record.is_uploaded = false; // its bytes went away meanwhile, or are not the camera's
        entry.isResumed = true;
      } else if (!mayHelp(problem.status)) {
        await this.refused(entry, problem);
        return;
      }
      await entry.securing;
      await this.kept.put(record);
      await this.patience.wait(Math.min(tries, 10));
    }
  }

  /** The desk does not want it. @param {Entry} entry @param {import("./api.js").Refusal} refusal */
  async refused(entry, { code, status }) {
    this.refusals += 1;
    await entry.securing;
    // A token that is good no more, or a service that has no room: the picture stays here for a while and is tried when the page is opened again.
    this.fail(entry, code === "consent.missing" ? "still.consent" : "still.camera_failed", [401, 409, 410].includes(status));
  }

  /** @param {Entry} entry @param {number} sent */
  progressed(entry, sent) {
    entry.sent = sent;
    if (performance.now() - this.reportedAt >= REPORT_MS) {
      this.report(entry, "sending");
    }
    this.app.draw();
  }

  // ── telling ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** @param {Entry} entry @param {string} code @param {boolean} [isKept] */
  fail(entry, code, isKept = false) {
    entry.state = "failed";
    this.report(entry, "failed", code);
    if (!isKept) {
      void entry.securing.then(() => this.kept.remove(entry.record.id));
    }
    this.changed();
  }

  /** @param {Entry} entry @param {StillState} state */
  move(entry, state) {
    entry.state = state;
    if (state === "taking" || state === "sent") {
      this.report(entry, state);
    } else if (state === "unsent") {
      this.report(entry, "sending");
    }
    this.changed();
  }

  /** To the agent, while the call goes on. @param {Entry} entry @param {StillProgress["stage"]} stage @param {string} [code] */
  report({ record, blob, sent }, stage, code = "") {
    this.reportedAt = performance.now();
    if (this.app.model.call?.id === record.call_id) {
      this.app.talk.channel?.send({
        type: "still.progress", call_id: record.call_id, snapshot_id: record.snapshot_id, stage, method: record.method, sent_bytes: sent, size_bytes: blob?.size ?? 0,
        width_px: record.width_px, height_px: record.height_px, code,
      }, { isKept: stage !== "sending" });
    }
  }

  changed() {
    window.removeEventListener("beforeunload", this.warn);
    if (this.isBusy) {
      window.addEventListener("beforeunload", this.warn);
    }
    this.app.stillsChanged();
  }
}
