// The customer's camera and microphone: open, turn, light, off and on, and getting them back after an interruption.

/** @typedef {"user" | "environment"} Facing */
/** @typedef {"off" | "asking" | "on" | "refused" | "blocked" | "missing" | "busy" | "insecure"} DeviceState */

const AUDIO = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/**
 * Why a device could not be had, from getUserMedia's error name (W3C Media Capture §10.2).
 * @param {unknown} error
 * @returns {DeviceState}
 */
export function reasonOf(error) {
  const name = error instanceof Error ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") {
    return "blocked";
  }
  return name === "NotFoundError" || name === "OverconstrainedError" ? "missing" : "busy";
}

/** What the call wants of the camera. */
const CALL_SIZE = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } };

/**
 * @param {Facing} facing
 * @param {string | null} deviceId
 * @returns {MediaTrackConstraints}
 */
export function videoConstraints(facing, deviceId) {
  return {
    ...CALL_SIZE,
    ...(deviceId ? { deviceId: { exact: deviceId } } : { facingMode: { ideal: facing } }),
  };
}

export class Camera {
  /** @param {() => void} onChange */
  constructor(onChange) {
    this.onChange = onChange;
    /** @type {MediaStreamTrack | null} */
    this.video = null;
    /** @type {MediaStreamTrack | null} */
    this.audio = null;
    /** @type {DeviceState} */
    this.videoState = "off";
    /** @type {DeviceState} */
    this.audioState = "off";
    /** @type {Facing} */
    this.facing = "environment";
    /** @type {string | null} */
    this.deviceId = null;
    this.wanted = { video: true, audio: true };
    this.isMuted = false;
    this.isVideoOff = false;
    this.isTorchOn = false;
    /** @type {number | null} */
    this.wantedZoom = null;
    this.cameraCount = 0;
    this.isBusy = false;
    this.stream = new MediaStream();
  }

  /** Whether this track's light can be switched. */
  get hasTorch() {
    const capabilities = /** @type {{torch?: boolean}} */ (this.video?.getCapabilities?.() ?? {});
    return this.video?.readyState === "live" && Boolean(capabilities.torch);
  }

  /** How far this track zooms in now, and between what. @returns {{zoom: number, min: number, max: number}} */
  get zoom() {
    const { zoom: range } = /** @type {{zoom?: {min: number, max: number}}} */ (this.video?.getCapabilities?.() ?? {});
    const { zoom: now } = /** @type {{zoom?: number}} */ (this.video?.getSettings() ?? {});
    const min = range?.min ?? 1;
    return { zoom: now ?? min, min, max: Math.max(min, range?.max ?? min) };
  }

  /** Which way the camera looks, as far as the browser tells. @returns {Facing | "unknown"} */
  get looks() {
    const facing = this.video?.getSettings().facingMode;
    return facing === "user" || facing === "environment" ? facing : "unknown";
  }

  /** Ask for what is wanted. One question of the browser where it can be; each device on its own when one is not there. */
  /** @param {{video: boolean, audio: boolean}} wanted */
  async open(wanted) {
    this.wanted = wanted;
    this.videoState = wanted.video ? "asking" : "refused";
    this.audioState = wanted.audio ? "asking" : "refused";
    this.onChange();
    if (!navigator.mediaDevices?.getUserMedia) {
      this.videoState = wanted.video ? "insecure" : "refused";
      this.audioState = wanted.audio ? "insecure" : "refused";
      this.onChange();
      return;
    }
    if (wanted.video && wanted.audio) {
      try {
        this.adopt(await this.get({ video: true, audio: true }));
      } catch (error) {
        if (reasonOf(error) === "blocked") {
          this.videoState = this.audioState = "blocked";
        } else {
          await this.openOne("video");
          await this.openOne("audio");
        }
      }
    } else if (wanted.video || wanted.audio) {
      await this.openOne(wanted.video ? "video" : "audio");
    }
    await this.count();
    this.onChange();
  }

  /** @param {"video" | "audio"} kind */
  async openOne(kind) {
    try {
      this.adopt(await this.get({ video: kind === "video", audio: kind === "audio" }));
    } catch (error) {
      this[kind === "video" ? "videoState" : "audioState"] = reasonOf(error);
    }
  }

  /** @param {{video: boolean, audio: boolean}} what @returns {Promise<MediaStream>} */
  async get({ video, audio }) {
    const constraints = { audio: audio ? AUDIO : false, video: video ? videoConstraints(this.facing, this.deviceId) : false };
    try {
      return await navigator.mediaDevices.getUserMedia(constraints);
    } catch (error) {
      if (video && this.deviceId && reasonOf(error) === "missing") {
        this.deviceId = null;
        return navigator.mediaDevices.getUserMedia({ ...constraints, video: videoConstraints(this.facing, null) });
      }
      throw error;
    }
  }

  /** @param {MediaStream} stream */
  adopt(stream) {
    for (const track of stream.getTracks()) {
      const kind = track.kind === "video" ? "video" : "audio";
      this.release(kind);
      this[kind] = track;
      this.stream.addTrack(track);
      if (kind === "video") {
        track.contentHint = "motion";
        this.videoState = "on";
        this.isVideoOff = false;
        this.deviceId = track.getSettings().deviceId ?? null;
      } else {
        track.enabled = !this.isMuted;
        this.audioState = "on";
      }
      track.onended = () => void this.recover();
      track.onmute = track.onunmute = () => this.onChange();
    }
  }

  /** @param {"video" | "audio"} kind */
  release(kind) {
    const track = this[kind];
    if (track) {
      track.onended = track.onmute = track.onunmute = null;
      track.stop();
      this.stream.removeTrack(track);
      this[kind] = null;
      if (kind === "video") {
        this.isTorchOn = false;
        this.wantedZoom = null;
      }
    }
  }

  async count() {
    const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
    this.cameraCount = devices.filter((device) => device.kind === "videoinput").length;
    return devices.filter((device) => device.kind === "videoinput").map((device) => device.deviceId);
  }

  /** A phone call or another app takes camera and microphone away and does not give the same tracks back: ask anew. */
  /** @param {{isForced?: boolean}} [how] */
  async recover({ isForced = false } = {}) {
    if (document.visibilityState === "hidden" || this.isBusy) {
      return;
    }
    /** @param {MediaStreamTrack | null} track */
    const isDead = (track) => track !== null && (track.readyState === "ended" || (isForced && track.muted));
    const video = !this.isVideoOff && (isDead(this.video) || (isForced && !this.video && this.videoState === "busy"));
    const audio = isDead(this.audio);
    if (!video && !audio) {
      return;
    }
    this.isBusy = true;
    if (video) {
      this.release("video");
      await this.openOne("video");
    }
    if (audio) {
      this.release("audio");
      await this.openOne("audio");
    }
    this.isBusy = false;
    this.onChange();
  }

  /** The phone's camera app had the camera: it may let go only a moment after it closed. */
  async comeBack() {
    for (const wait of [0, 500, 1_000, 2_000, 4_000]) {
      await new Promise((resolve) => { setTimeout(resolve, wait); });
      await this.recover({ isForced: true });
      if (this.isVideoOff || (this.video?.readyState === "live" && !this.video.muted)) {
        break;
      }
    }
  }

  /** @param {boolean} isMuted */
  mute(isMuted) {
    this.isMuted = isMuted;
    if (this.audio) {
      this.audio.enabled = !isMuted;
    }
    this.onChange();
  }

  /** Off lets go of the camera (its light goes out); on asks for it again. @param {boolean} isOff */
  async setVideoOff(isOff) {
    if (this.isBusy) {
      return;
    }
    this.isBusy = true;
    this.isVideoOff = isOff;
    if (isOff) {
      this.release("video");
    } else {
      await this.openOne("video");
    }
    this.isBusy = false;
    this.onChange();
  }

  /** The other camera; the old one again when there is none. */
  async turn() {
    if (this.isBusy || !this.video) {
      return;
    }
    this.isBusy = true;
    const before = { deviceId: this.deviceId, facing: this.facing };
    const ids = await this.count();
    const looked = this.looks;
    this.release("video");
    this.facing = (looked === "unknown" ? this.facing : looked) === "user" ? "environment" : "user";
    const next = ids[(ids.indexOf(before.deviceId ?? "") + 1) % Math.max(1, ids.length)] ?? null;
    // Phones have several rear cameras: the side is asked for by name; only where there are no sides, the next in the list.
    this.deviceId = looked === "unknown" || ids.length === 2 ? next : null;
    await this.openOne("video");
    if (!this.video) {
      ({ deviceId: this.deviceId, facing: this.facing } = before);
      await this.openOne("video");
    }
    this.isBusy = false;
    this.onChange();
  }

  /** @param {boolean} isOn @returns {Promise<boolean>} whether the light is as asked */
  async setTorch(isOn) {
    if (!this.video || !this.hasTorch) {
      return false;
    }
    const before = this.isTorchOn;
    this.isTorchOn = isOn;
    try {
      await this.applyLens(this.video);
    } catch {
      this.isTorchOn = before; // the camera says it has a light and does not switch it: the button stays as it was
    }
    this.onChange();
    return this.isTorchOn === isOn;
  }

  /** @param {number} factor @returns {Promise<boolean>} whether it zoomed, as far as the camera can */
  async setZoom(factor) {
    const { min, max } = this.zoom;
    if (!this.video || max <= min) {
      return false;
    }
    const before = this.wantedZoom;
    this.wantedZoom = Math.min(max, Math.max(min, factor));
    try {
      await this.applyLens(this.video);
    } catch {
      this.wantedZoom = before;
      return false;
    }
    this.onChange();
    return true;
  }

  /**
   * Light and zoom together: constraints replace the ones before. They cannot be mixed with sizes (Chromium refuses).
   * @param {MediaStreamTrack} track
   */
  async applyLens(track) {
    const wanted = { ...(this.hasTorch ? { torch: this.isTorchOn } : {}), ...(this.wantedZoom === null ? {} : { zoom: this.wantedZoom }) };
    await track.applyConstraints({ advanced: [/** @type {MediaTrackConstraintSet} */ (wanted)] });
  }

  /** After a still: the size that the call wants, with the light and the zoom as they were. @param {MediaStreamTrack} track */
  async backToCall(track) {
    for (const wait of [300, 1_000, null]) {
      try {
        await track.applyConstraints(CALL_SIZE);
        if (this.isTorchOn || this.wantedZoom !== null) {
          await this.applyLens(track);
        }
        break;
      } catch {
        if (wait === null || track.readyState === "ended") {
          break; // it stays large; a track that ended is asked for again by `recover`
        }
        await new Promise((resolve) => { setTimeout(resolve, wait); });
      }
    }
    this.onChange();
  }

  close() {
    this.release("video");
    this.release("audio");
    this.videoState = this.audioState = "off";
    this.isVideoOff = this.isMuted = false;
  }
}
