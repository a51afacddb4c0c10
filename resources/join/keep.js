// What must outlive a reload or a crash of this page: stills that are not in the case yet, with what their sending needs (IndexedDB).
// Where storage is forbidden (private windows, strict settings) they last as long as the page.

/** @typedef {import("./types").StillMeta["method"]} StillMethod */
/**
 * One still that was asked for. Without `bytes` it was not taken yet. The token is the customer's: the link that gave it may be used up by
 * the time the page is opened again; it goes with the record.
 * @typedef {object} StillRecord
 * @property {string} id the original's, and the upload's
 * @property {string} snapshot_id
 * @property {string} call_id
 * @property {string} token
 * @property {"take_still" | "native_camera"} ask
 * @property {number} asked_at ms
 * @property {StillMethod | null} method
 * @property {string} captured_at ISO 8601, by the service's clock
 * @property {string} media_type
 * @property {number} width_px
 * @property {number} height_px
 * @property {ArrayBuffer | null} bytes as the camera gave them
 * @property {boolean} is_uploaded all bytes are there; the record in the case is not confirmed yet
 */

const STORE = "stills";
const PATIENCE_MS = 3_000;

/**
 * @template Value
 * @param {IDBRequest<Value>} request
 * @returns {Promise<Value>}
 */
function answer(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @returns {Promise<IDBDatabase>} */
function open() {
  return new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error("no answer")), PATIENCE_MS); // some browsers never answer
    const request = indexedDB.open("videodesk", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
  });
}

export class Kept {
  constructor() {
    /** @type {Map<string, StillRecord>} */
    this.fallback = new Map();
    /** @type {Promise<IDBDatabase> | null} */
    this.opening = null;
  }

  /**
   * @template Value
   * @param {IDBTransactionMode} mode
   * @param {(store: IDBObjectStore) => IDBRequest<Value>} work
   * @returns {Promise<Value>} once it is on the disk
   */
  async run(mode, work) {
    this.opening ??= open();
    const transaction = (await this.opening).transaction(STORE, mode, { durability: "strict" });
    const done = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
    const [value] = await Promise.all([answer(work(transaction.objectStore(STORE))), done]);
    return value;
  }

  /** Oldest first. @returns {Promise<StillRecord[]>} */
  async all() {
    const found = await this.run("readonly", (store) => store.getAll()).catch(() => []);
    return [.../** @type {StillRecord[]} */ (found), ...this.fallback.values()].sort((one, other) => one.asked_at - other.asked_at);
  }

  /** @param {string} id */
  async has(id) {
    return this.fallback.has(id) || Boolean(await this.run("readonly", (store) => store.count(id)).catch(() => 1));
  }

  /** @param {StillRecord} record */
  async put(record) {
    try {
      await this.run("readwrite", (store) => store.put(record));
      this.fallback.delete(record.id);
    } catch {
      this.fallback.set(record.id, record);
    }
  }

  /** @param {string} id */
  async remove(id) {
    this.fallback.delete(id);
    await this.run("readwrite", (store) => store.delete(id)).catch(() => undefined);
  }
}
