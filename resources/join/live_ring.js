// The last pictures of the own camera, each with the moment of its capture, so that one of a moment ago can be shown.

/** @typedef {{at: number, canvas: HTMLCanvasElement}} Kept */

const PICTURES = 12;
const MAX_PX = 960;
// The two sides reckon the moment of one picture's capture a little differently: less than half a picture's time.
const SAME_MS = 12;
const EQUAL_MS = 1;

/** The time stamp of the picture that a video shows at this very moment, ms; null where the browser does not tell. @param {HTMLVideoElement} video @returns {number | null} */
function stampOf(video) {
  try {
    const frame = new VideoFrame(video);
    const { timestamp } = frame;
    frame.close();
    return timestamp / 1000;
  } catch {
    return null;
  }
}

export class Ring {
  /** @param {HTMLVideoElement} video */
  constructor(video) {
    this.video = video;
    /** Oldest first. @type {Kept[]} */
    this.kept = [];
    this.handle = 0;
    this.isRunning = false;
    /** Whether this browser's stamps and media times are on one clock: seen when they were equal once. */
    this.isOneClock = false;
  }

  /** Browsers that cannot tell which picture is shown (none of the present ones) show the newest. */
  start() {
    if (!this.isRunning && "requestVideoFrameCallback" in this.video) {
      this.isRunning = true;
      this.ask();
    }
  }

  stop() {
    if (this.isRunning) {
      this.isRunning = false;
      this.video.cancelVideoFrameCallback(this.handle);
      this.kept = [];
    }
  }

  ask() {
    this.handle = this.video.requestVideoFrameCallback((now, about) => {
      if (this.isRunning) {
        this.keep(performance.timeOrigin + (about.captureTime ?? about.presentationTime ?? now) + this.newerBy(about.mediaTime * 1000));
        this.ask();
      }
    });
  }

  /**
   * On a busy phone the video shows a later picture by now than the one that this is about: later by so many ms.
   * @param {number} mediaMs
   */
  newerBy(mediaMs) {
    const stamp = stampOf(this.video);
    const newer = stamp === null ? 0 : stamp - mediaMs;
    this.isOneClock ||= stamp !== null && Math.abs(newer) < EQUAL_MS;
    return this.isOneClock ? newer : 0;
  }

  /** @param {number} at ms since 1970 */
  keep(at) {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (!width || !height) {
      return;
    }
    const scale = Math.min(1, MAX_PX / Math.max(width, height));
    const size = { width: Math.round(width * scale), height: Math.round(height * scale) };
    const last = this.kept.at(-1)?.canvas;
    if (last && (last.width !== size.width || last.height !== size.height)) {
      this.kept = []; // the phone was turned: pictures of the other shape belong to other places
    }
    const oldest = this.kept.length >= PICTURES ? this.kept.shift() : null;
    const canvas = oldest?.canvas ?? Object.assign(document.createElement("canvas"), size);
    canvas.getContext("2d", { alpha: false })?.drawImage(this.video, 0, 0, size.width, size.height);
    this.kept.push({ at, canvas });
  }

  /** The last picture captured up to that moment; null asks for the newest. @param {number | null} moment @returns {Kept | null} */
  upTo(moment) {
    const inTime = moment === null ? this.kept : this.kept.filter((one) => one.at <= moment + SAME_MS);
    return inTime.at(-1) ?? this.kept[0] ?? null;
  }
}
