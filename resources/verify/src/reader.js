// The C2PA reader: some workers around one compiled module, each file with a time it may take.

const PATIENCE_MS = 20_000;

/** @param {string} text base64 */
export function fromBase64(text) {
  const raw = atob(text.trim());
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i += 1) {
    bytes[i] = raw.charCodeAt(i);
  }
  return bytes;
}

/** The text of one of the page's own data elements. @param {string} id */
export function embedded(id) {
  return document.getElementById(id)?.textContent ?? "";
}

async function compiled() {
  const packed = new Blob([fromBase64(embedded("c2pa"))]);
  const plain = packed.stream().pipeThrough(new DecompressionStream("gzip"));
  return WebAssembly.compile(await new Response(plain).arrayBuffer());
}

/**
 * What one reading gave: the manifest store, or why there is none.
 * @typedef {{ store: any, error: string }} Read
 */

class Reading {
  /** @param {Promise<WebAssembly.Module>} module @param {string} url */
  constructor(module, url) {
    this.module = module;
    this.url = url;
    /** @type {Worker | null} */
    this.worker = null;
  }

  async started() {
    if (!this.worker) {
      const module = await this.module;
      this.worker = new Worker(this.url);
      this.worker.postMessage({ module });
    }
    return this.worker;
  }

  stop() {
    this.worker?.terminate();
    this.worker = null;
  }

  /** @param {Blob} blob @param {string} type @param {string} settings @returns {Promise<Read>} */
  async read(blob, type, settings) {
    const worker = await this.started();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let patience;
    return new Promise((resolve) => {
      /** @param {Read} read @param {boolean} [isBroken] */
      const done = (read, isBroken) => {
        clearTimeout(patience);
        worker.onmessage = null;
        worker.onerror = null;
        if (isBroken) {
          this.stop();
        }
        resolve(read);
      };
      patience = setTimeout(() => done({ store: null, error: "reader.patience" }, true), PATIENCE_MS);
      worker.onmessage = ({ data }) => {
        if (data.json === undefined) {
          // What panicked inside leaves its memory in no known state: the next file gets a fresh reader.
          done({ store: null, error: data.error }, /unreachable|out of bounds|memory|panic|recursion|stack/iu.test(data.error));
          return;
        }
        try {
          done({ store: JSON.parse(data.json), error: "" });
        } catch {
          done({ store: null, error: "reader.answer" });
        }
      };
      worker.onerror = (event) => {
        event.preventDefault();
        done({ store: null, error: "reader.broken" }, true);
      };
      worker.postMessage({ id: 1, blob, type, settings });
    });
  }
}

/** Reads seals; as many at a time as there are readings. */
export class SealReader {
  constructor() {
    const url = URL.createObjectURL(new Blob([embedded("worker")], { type: "text/javascript" }));
    const module = compiled();
    module.catch(() => {}); // who reads is told
    const count = Math.max(1, Math.min(4, navigator.hardwareConcurrency || 2));
    /** @type {Reading[]} */
    this.idle = Array.from({ length: count }, () => new Reading(module, url));
    /** @type {((reading: Reading) => void)[]} */
    this.waiting = [];
  }

  /**
   * The manifest store of a picture, checked against this root (PEM), or against none.
   * @param {Blob} blob @param {string} type @param {string} rootPem
   * @returns {Promise<Read>}
   */
  async read(blob, type, rootPem) {
    /** @type {Reading} */
    const reading = this.idle.pop() ?? (await new Promise((resolve) => this.waiting.push(resolve)));
    try {
      return await reading.read(blob, type, settingsFor(rootPem));
    } catch {
      return { store: null, error: "reader.none" };
    } finally {
      const next = this.waiting.shift();
      if (next) {
        next(reading);
      } else {
        this.idle.push(reading);
      }
    }
  }
}

/** @param {string} rootPem */
function settingsFor(rootPem) {
  const verify = { verify_after_reading: true, verify_trust: Boolean(rootPem), remote_manifest_fetch: false, ocsp_fetch: false };
  return JSON.stringify({ verify, ...(rootPem ? { trust: { trust_anchors: rootPem } } : {}) });
}
