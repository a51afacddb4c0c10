// Pictures over HTTP: the customer's own photos one after another, and uploads that go on where the line broke off (tus 1.0.0).

import { refusalOf, ROOT } from "./api.js";
import { newId } from "./memory.js";
import { waitBefore } from "./signaling.js";

/** @typedef {import("./api.js").Refusal} Refusal */
/** @typedef {{status: number, refusal: Refusal, offset: number, isKept: boolean}} Answer */
/** @typedef {import("./types").StillMeta} StillMeta */

/** @typedef {"waiting" | "sending" | "sent" | "failed" | "refused"} PhotoState */
/** @typedef {{id: string, name: string, file: File, state: PhotoState, progress: number, code: string}} Photo */

const ADDRESS = `${ROOT}/join/photos`;
const SILENT_MS = 30_000;
// Another request had it meanwhile, or our count was wrong: ask again how far it is.
const ELSEWHERE = new Set(["upload.wrong_offset", "upload.taken_over", "upload.cut"]);
const TUS = { "Tus-Resumable": "1.0.0" };
const WAITS_MS = [1_000, 3_000];
export const MAX_BYTES = 32 * 1024 * 1024;

/**
 * Whether sending the same photo again may help.
 * @param {number} status HTTP status, 0 when there was no answer
 * @returns {boolean}
 */
export function mayHelp(status) {
  return status === 0 || status === 408 || status === 429 || status >= 500;
}

export class Uploads {
  /** @param {() => string} token @param {(photos: Photo[]) => void} onChange */
  constructor(token, onChange) {
    this.token = token;
    this.onChange = onChange;
    /** @type {Photo[]} */
    this.photos = [];
    this.isWorking = false;
  }

  /** @param {Iterable<File>} files */
  add(files) {
    for (const file of files) {
      const isTooLarge = file.size > MAX_BYTES;
      this.photos.push({
        id: newId(), name: file.name, file, progress: 0, state: isTooLarge ? "refused" : "waiting", code: isTooLarge ? "photo.too_large" : "",
      });
    }
    void this.work();
  }

  /** @param {string} id */
  again(id) {
    const photo = this.photos.find((one) => one.id === id);
    if (photo?.state === "failed") {
      photo.state = "waiting";
      void this.work();
    }
  }

  async work() {
    if (this.isWorking) {
      this.onChange(this.photos);
      return;
    }
    this.isWorking = true;
    this.onChange(this.photos);
    for (let photo = this.next(); photo; photo = this.next()) {
      await this.send(photo);
    }
    this.isWorking = false;
    this.onChange(this.photos);
  }

  next() {
    return this.photos.find((photo) => photo.state === "waiting");
  }

  /** @param {Photo} photo */
  async send(photo) {
    photo.state = "sending";
    for (const wait of [...WAITS_MS, null]) {
      photo.progress = 0;
      const { status, code } = await this.post(photo);
      if (status >= 200 && status < 300) {
        photo.state = "sent";
        break;
      }
      photo.code = code;
      photo.state = mayHelp(status) ? "failed" : "refused";
      if (photo.state === "refused" || wait === null) {
        break;
      }
      photo.state = "sending";
      await new Promise((resolve) => { setTimeout(resolve, wait); });
    }
    this.onChange(this.photos);
  }

  /** @param {Photo} photo @returns {Promise<{status: number, code: string}>} */
  async post(photo) {
    const form = new FormData();
    form.append("id", photo.id); // sent twice, it stands once
    form.append("photo", photo.file, photo.name);
    const { status, refusal } = await ask("POST", ADDRESS, this.token(), {}, form, (sent, of) => {
      photo.progress = of ? sent / of : 0;
      this.onChange(this.photos);
    });
    return { status, code: refusal.code };
  }
}

/**
 * One request that tells how far its body is. XMLHttpRequest, because fetch does not.
 * @param {string} method @param {string} address @param {string} token
 * @param {Record<string, string>} headers
 * @param {Blob | FormData | string | null} body
 * @param {(sent: number, of: number) => void} [onProgress]
 * @returns {Promise<Answer>} status 0: no answer
 */
function ask(method, address, token, headers, body, onProgress) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    // A phone that changed networks may wait minutes for a connection that is gone.
    let patience = setTimeout(() => request.abort(), SILENT_MS);
    request.open(method, address);
    for (const [name, value] of Object.entries({ Authorization: `Bearer ${token}`, Accept: "application/json", ...headers })) {
      request.setRequestHeader(name, value);
    }
    request.upload.onprogress = (event) => {
      clearTimeout(patience);
      patience = setTimeout(() => request.abort(), SILENT_MS);
      onProgress?.(event.loaded, event.lengthComputable ? event.total : 0);
    };
    request.onloadend = () => {
      clearTimeout(patience);
      /** @type {unknown} */
      let answer = null;
      try {
        answer = JSON.parse(request.responseText);
      } catch {
        // no JSON: a proxy's page, or nothing
      }
      const offset = request.status ? request.getResponseHeader("Upload-Offset") : null;
      const isKept = request.status === 201 && Boolean(/** @type {{snapshot_id?: string} | null} */ (answer)?.snapshot_id);
      resolve({ status: request.status, refusal: refusalOf(request.status, answer), offset: Number(offset ?? Number.NaN), isKept });
    };
    request.send(body);
  });
}

/** Waiting between tries; `hurry` ends a wait: something says that the network may be back. */
export class Patience {
  /** @param {() => void} onChange */
  constructor(onChange) {
    this.onChange = onChange;
    this.isWaiting = false;
    this.hurry = () => {};
  }

  /** @param {number} tries how many failed so far, from 1 */
  async wait(tries) {
    this.isWaiting = true;
    this.onChange();
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, waitBefore(tries, Math.random()));
      this.hurry = () => {
        clearTimeout(timer);
        resolve(null);
      };
    });
    this.isWaiting = false;
    this.onChange();
  }
}

/**
 * Bring all bytes to the service, however often the line breaks (https://tus.io/protocols/resumable-upload 1.0.0, creation-with-upload):
 * everything in one request, and where that goes well the still is in the case by its answer; after a failure ask how far it got, and go on
 * from there. Its address is known beforehand, so a lost answer loses nothing.
 * @param {{still: StillMeta, bytes: Blob, isResumed: boolean, token: () => string, patience: Patience, onProgress: (sent: number) => void}} upload
 * @returns {Promise<{refusal: Refusal | null, isKept: boolean}>} no refusal when all of it is there; `isKept` when it is in the case as well
 */
export async function deliver({ still, bytes, isResumed, token, patience, onProgress }) {
  const id = still.upload_id;
  const address = `${ROOT}/join/uploads/${id}`;
  let isUncertain = isResumed;
  let furthest = 0;
  for (let tries = 1; ; tries += 1) {
    /** @type {Answer} */
    let answer = { status: 404, refusal: refusalOf(404, null), offset: 0, isKept: false };
    if (isUncertain) {
      answer = await ask("HEAD", address, token(), TUS, null);
      if (answer.status === 404 && !await putStill(token(), id, still)) {
        return { refusal: null, isKept: true }; // it was kept, and only the answer was lost
      }
    }
    if (answer.status === 404) {
      const metadata = `id ${btoa(id)},snapshot_id ${btoa(still.snapshot_id)},still ${btoa(JSON.stringify(still))}`;
      const headers = { ...TUS, "Upload-Length": String(bytes.size), "Upload-Metadata": metadata, "Content-Type": "application/offset+octet-stream" };
      answer = await ask("POST", `${ROOT}/join/uploads`, token(), headers, bytes, (sent) => onProgress(Math.min(sent, bytes.size)));
    } else if (isGood(answer) && answer.offset < bytes.size) {
      const from = answer.offset;
      onProgress(from);
      const headers = { ...TUS, "Upload-Offset": String(from), "Content-Type": "application/offset+octet-stream" };
      answer = await ask("PATCH", address, token(), headers, bytes.slice(from), (sent) => onProgress(Math.min(from + sent, bytes.size)));
    }
    if (isGood(answer) && answer.offset >= bytes.size) {
      onProgress(bytes.size);
      return { refusal: null, isKept: answer.isKept };
    }
    if (!isGood(answer) && !mayHelp(answer.status) && answer.status !== 404 && !ELSEWHERE.has(answer.refusal.code)) {
      return { refusal: answer.refusal, isKept: false };
    }
    if (answer.offset > furthest) {
      furthest = answer.offset;
      tries = 0;
    }
    isUncertain = true;
    await patience.wait(Math.min(tries, 10));
  }
}

/**
 * Into the case with a still whose bytes came in more than one request. Sent twice, it stands once.
 * By the same means as the bytes: a fetch without credentials would open a connection of its own.
 * @param {string} token
 * @param {string} id the original's
 * @param {StillMeta} body
 * @returns {Promise<Refusal | null>}
 */
export async function putStill(token, id, body) {
  const answer = await ask("PUT", `${ROOT}/join/stills/${id}`, token, { "Content-Type": "application/json" }, JSON.stringify(body));
  return isGood(answer) ? null : answer.refusal;
}

/** Have a connection ready for a picture that is being taken. @param {string} token */
export async function warmUp(token) {
  await ask("OPTIONS", `${ROOT}/join/uploads`, token, {}, null);
}

/** Take back what is there of it: its bytes are not what they should be. @param {string} id @param {string} token */
export async function discard(id, token) {
  await ask("DELETE", `${ROOT}/join/uploads/${id}`, token, TUS, null);
}

/** @param {Answer} answer */
function isGood({ status }) {
  return status >= 200 && status < 300;
}
