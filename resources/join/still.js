// A still of the customer's camera at its full size while the call goes on: takePhoto, else a frame of the track at its largest size.

import { player } from "./screens_view.js";

/** @typedef {import("./camera.js").Camera} Camera */
/** @typedef {{width: number, height: number}} Size */
/** @typedef {{blob: Blob, method: "take_photo" | "full_frame", width: number, height: number, bytes?: ArrayBuffer}} Still */

const CAPABILITIES_MS = 1_500;
const PHOTO_MS = 6_000;
const FRAME_MS = 3_000;
// A camera that was set to another size needs a moment for its exposure.
const SETTLING_FRAMES = 4;
const FRAME_QUALITY = 0.95;
// A photo counts as the camera's largest when it has this part of the pixels that the track could have.
const ENOUGH = 0.9;

/**
 * @template Value
 * @param {Promise<Value>} promise
 * @param {number} ms
 * @returns {Promise<Value>}
 */
function within(promise, ms) {
  return Promise.race([promise, new Promise((_resolve, reject) => { setTimeout(() => reject(new Error("too late")), ms); })]);
}

/** @param {Size} size */
function pixels({ width, height }) {
  return width * height;
}

/**
 * The pixel size that a JPEG (ITU T.81 B.2.2) or PNG says it has, as it lies in the file; null for anything else.
 * @param {Uint8Array} bytes
 * @returns {Size | null}
 */
export function sizeOf(bytes) {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length > 24 && data.getUint32(0) === 0x89504e47) {
    return { width: data.getUint32(16), height: data.getUint32(20) };
  }
  if (bytes.length < 4 || data.getUint16(0) !== 0xffd8) {
    return null;
  }
  for (let at = 2; at + 9 < bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1] ?? 0;
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return { width: data.getUint16(at + 7), height: data.getUint16(at + 5) };
    }
    at += marker === 0xff ? 1 : 2 + data.getUint16(at + 2);
  }
  return null;
}

/** @param {Blob} blob @returns {Promise<Size>} */
export async function measured(blob) {
  const known = sizeOf(new Uint8Array(await blob.slice(0, 512 * 1024).arrayBuffer()));
  if (known) {
    return known;
  }
  const picture = await createImageBitmap(blob);
  const size = { width: picture.width, height: picture.height };
  picture.close();
  return size;
}

/** The largest size that the track can have, as far as the browser tells. @param {MediaStreamTrack} track @returns {Size} */
export function largest(track) {
  const { width, height } = track.getCapabilities?.() ?? {};
  const now = track.getSettings();
  return { width: width?.max ?? now.width ?? 0, height: height?.max ?? now.height ?? 0 };
}

export class StillTaker {
  constructor() {
    /** A takePhoto that has not answered: there are never two. @type {Promise<unknown> | null} */
    this.pending = null;
    /** What a camera gave that was asked both ways: the better one is asked first from then on. @type {{id: string, method: Still["method"]} | null} */
    this.better = null;
  }

  /**
   * A still, the larger way first. Rejects when the camera gives none.
   * @param {Camera} camera
   * @param {(factor: number) => Promise<void>} shield told how much larger than the call wants the camera's pictures are for a moment; 1 when it is over
   * @returns {Promise<Still>}
   */
  async take(camera, shield) {
    const track = camera.video;
    if (!track) {
      throw new Error("no camera");
    }
    const better = this.better?.id === track.id ? this.better.method : null;
    const known = better === "full_frame" ? await fullFrame(camera, track, shield).catch(() => null) : null;
    if (known) {
      return known;
    }
    const photo = await this.photo(track).catch(() => null);
    if (photo && (better === "take_photo" || pixels(photo) >= ENOUGH * pixels(largest(track)))) {
      return photo;
    }
    const frame = camera.video === track && better !== "full_frame" ? await fullFrame(camera, track, shield).catch(() => null) : null;
    const best = photo && (!frame || pixels(frame) <= pixels(photo)) ? photo : frame;
    if (!best) {
      throw new Error("no picture");
    }
    if (photo && frame) {
      this.better = { id: track.id, method: best.method };
    }
    return best;
  }

  /** @param {MediaStreamTrack} track @returns {Promise<Still | null>} */
  async photo(track) {
    if (typeof ImageCapture !== "function" || this.pending) {
      return null;
    }
    const capture = new ImageCapture(track);
    const { imageWidth, imageHeight } = await within(capture.getPhotoCapabilities(), CAPABILITIES_MS).catch(() => /** @type {PhotoCapabilities} */ ({}));
    const settings = imageWidth?.max && imageHeight?.max ? { imageWidth: imageWidth.max, imageHeight: imageHeight.max } : {};
    // Some cameras refuse the size that they offer; the size they choose is still a photo.
    const taking = capture.takePhoto(settings).catch(() => capture.takePhoto());
    this.pending = taking;
    const over = () => { this.pending = null; };
    taking.then(over, over);
    const blob = await within(taking, PHOTO_MS);
    const bytes = await blob.arrayBuffer(); // once: for its size, its digest and the disk
    return { blob, bytes, method: "take_photo", ...sizeOf(new Uint8Array(bytes)) ?? await measured(blob) };
  }
}

/**
 * @param {Camera} camera
 * @param {MediaStreamTrack} track
 * @param {(factor: number) => Promise<void>} shield
 * @returns {Promise<Still>}
 */
async function fullFrame(camera, track, shield) {
  const now = track.getSettings();
  const most = largest(track);
  // Firefox tells no capabilities in some versions: then the largest is asked for and what comes is taken.
  const isLarger = typeof track.getCapabilities !== "function" || pixels(most) > 1.05 * (now.width ?? 0) * (now.height ?? 0);
  try {
    if (isLarger) {
      const wanted = typeof track.getCapabilities === "function" ? most : { width: 4096, height: 3072 };
      await shield(Math.max(1, wanted.width / (now.width || wanted.width)));
      await within(track.applyConstraints({ width: { ideal: wanted.width }, height: { ideal: wanted.height } }), FRAME_MS);
    }
    return await grab(track);
  } finally {
    if (isLarger) {
      await camera.backToCall(track);
      await shield(1);
    }
  }
}

/**
 * The track's picture as it comes from the camera, once it has the size that the track says.
 * @param {MediaStreamTrack} track
 * @returns {Promise<Still>}
 */
async function grab(track) {
  const video = player(true);
  video.className = "unseen";
  document.body.append(video);
  try {
    video.srcObject = new MediaStream([track]);
    await within(video.play(), FRAME_MS);
    const { width = 0, height = 0 } = track.getSettings();
    await within(settled(video, 0.98 * width * height), FRAME_MS).catch(() => undefined);
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext("2d")?.drawImage(video, 0, 0);
    const blob = await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", FRAME_QUALITY); });
    if (!blob || !canvas.width) {
      throw new Error("no frame");
    }
    return { blob, method: "full_frame", width: canvas.width, height: canvas.height };
  } finally {
    video.srcObject = null;
    video.remove();
  }
}

/** Frames of at least this many pixels came. @param {HTMLVideoElement} video @param {number} wanted @returns {Promise<void>} */
function settled(video, wanted) {
  return new Promise((resolve) => {
    let left = SETTLING_FRAMES;
    const ask = "requestVideoFrameCallback" in video ? video.requestVideoFrameCallback.bind(video) : requestAnimationFrame;
    const seen = () => {
      left -= video.videoWidth * video.videoHeight >= wanted ? 1 : 0;
      if (left <= 0) {
        resolve();
      } else if (video.isConnected) {
        ask(seen);
      }
    };
    ask(seen);
  });
}
