// Photos of the customer into the case: one after another, with progress, tried again when the line fails.

import { refusalOf } from "./api.js";
import { newId } from "./memory.js";

/** @typedef {"waiting" | "sending" | "sent" | "failed" | "refused"} PhotoState */
/** @typedef {{id: string, name: string, file: File, state: PhotoState, progress: number, code: string}} Photo */

const ADDRESS = "/api/v1/join/photos";
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
    this.onChange(this.photos);
    if (this.isWorking) {
      return;
    }
    this.isWorking = true;
    for (let photo = this.next(); photo; photo = this.next()) {
      await this.send(photo);
    }
    this.isWorking = false;
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
  post(photo) {
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      request.open("POST", ADDRESS);
      request.setRequestHeader("Authorization", `Bearer ${this.token()}`);
      request.setRequestHeader("Accept", "application/json");
      request.upload.onprogress = (event) => {
        photo.progress = event.lengthComputable ? event.loaded / event.total : 0;
        this.onChange(this.photos);
      };
      request.onloadend = () => {
        /** @type {unknown} */
        let body = null;
        try {
          body = JSON.parse(request.responseText);
        } catch {
          // no JSON: a proxy's page, or nothing
        }
        resolve({ status: request.status, code: refusalOf(request.status, body).code });
      };
      const form = new FormData();
      form.append("id", photo.id); // sent twice, it stands once
      form.append("photo", photo.file, photo.name);
      request.send(form);
    });
  }
}
