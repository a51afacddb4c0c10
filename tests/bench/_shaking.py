"""Shaking-camera material: a product on a table, a hand that shakes, exposure blur, noise, a call's codec; every frame with its own clean source.

The scene is a drawn picture; the camera's pose is a seeded random walk (position, angle), finely sampled. A frame is the mean of the scene
over its exposure, which is what motion blur is. Its clean source is the scene at the exposure's mean pose: unblurred, without noise, uncoded.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import av
import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH_PX: Final = 1280
HEIGHT_PX: Final = 720
FPS: Final = 30
_STEPS: Final = 12  # poses in one frame's exposure
_MARGIN_PX: Final = 260

Gray = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Severity:
    """How a hand shakes: typical speed in px/s (720p), how fast it turns round, exposure time."""

    name: str
    speed_px_s: float
    turn_s: float
    exposure_s: float


# 720p at a phone's usual 65°: 1°/s is 20 px/s. Held with care 2-4°/s, while talking 8-12°/s, walking or one-handed 20°/s and more.
SEVERITIES: Final = (Severity("careful", 60, 0.10, 1 / 40), Severity("talking", 200, 0.12, 1 / 40), Severity("hasty", 420, 0.15, 1 / 40))


@dataclass(frozen=True, slots=True)
class Coding:
    """An encoder as a call uses it."""

    codec: str
    bitrate: int


CODINGS: Final = (Coding("libvpx", 1_000_000), Coding("libvpx", 2_500_000), Coding("libx264", 1_000_000), Coding("libx264", 2_500_000))


@dataclass(frozen=True, slots=True)
class Shot:
    """A frame as the camera made it, and what it should have looked like."""

    seen: Gray
    clean: Gray


def scene(seed: int) -> Gray:
    """A table with a dented parcel, its label and a machine's type plate; 8 bits of brightness, with room for the shake."""
    random = np.random.default_rng(seed)
    height, width = HEIGHT_PX + 2 * _MARGIN_PX, WIDTH_PX + 2 * _MARGIN_PX
    picture = 118 + 12 * _grain(random, (height, width), (3, 40)) + 8 * _grain(random, (height, width), (2, 2))
    box = (slice(height // 2 - 240, height // 2 + 260), slice(width // 2 - 420, width // 2 + 380))
    shape = (box[0].stop - box[0].start, box[1].stop - box[1].start)
    picture[box] = 168 + 10 * _grain(random, shape, (6, 6)) + 7 * _grain(random, shape, (1, 1))
    image = np.clip(picture, 0, 255).astype(np.uint8)
    top, left = box[0].start, box[1].start
    for _ in range(14):  # scratches and a dent
        at = random.integers((left, top), (left + shape[1], top + shape[0]))
        cv2.line(image, at.tolist(), (at + random.integers(-90, 90, 2)).tolist(), int(random.integers(40, 230)), int(random.integers(1, 3)), cv2.LINE_AA)
    cv2.ellipse(image, (left + 620, top + 120), (70, 40), 20, 0, 360, 96, 3, cv2.LINE_AA)
    cv2.rectangle(image, (left + 60, top + 210), (left + 430, top + 450), 236, -1)
    for row in range(7):
        text = "".join(random.choice(list("ABCDEFGHKLMNPRSTUVWXYZ0123456789 "), 22))
        cv2.putText(image, text, (left + 76, top + 240 + 22 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.5 + 0.04 * (row % 3), 30, 1, cv2.LINE_AA)
    at_px = left + 80
    while at_px < left + 400:
        bar = int(random.integers(2, 6))
        cv2.rectangle(image, (at_px, top + 400), (at_px + bar, top + 442), 20, -1)
        at_px += bar + int(random.integers(2, 7))
    return cv2.GaussianBlur(image, (0, 0), 0.6)  # the lens


def _grain(random: np.random.Generator, shape: tuple[int, int], smooth_px: tuple[float, float]) -> NDArray[np.float32]:
    noise = cv2.GaussianBlur(random.standard_normal(shape).astype(np.float32), (0, 0), smooth_px[1], sigmaY=smooth_px[0])
    return np.asarray(noise / noise.std(), dtype=np.float32)


def film(severity: Severity, seed: int, seconds: float) -> list[Shot]:
    """What the shaking camera sees, frame by frame."""
    random = np.random.default_rng(10_000 + seed)
    picture = scene(seed)
    poses = walk(severity, random, seconds)
    length = max(1, round(_STEPS * severity.exposure_s * FPS))
    shots = []
    for number in range(round(seconds * FPS)):
        exposed = poses[number * _STEPS: number * _STEPS + length]
        blurred = np.mean([_look(picture, pose) for pose in exposed], axis=0, dtype=np.float32)
        noisy = blurred + random.normal(0, 2.0, blurred.shape).astype(np.float32)
        shots.append(Shot(np.clip(noisy, 0, 255).astype(np.uint8), _look(picture, exposed.mean(axis=0))))
    return shots


def walk(severity: Severity, random: np.random.Generator, seconds: float) -> NDArray[np.float64]:
    """Poses (x px, y px, angle rad), `_STEPS` a frame: the velocity walks at random, turns round within `turn_s`, and is drawn to the middle."""
    step_s = 1 / FPS / _STEPS
    steps = round(seconds / step_s) + _STEPS
    strength = np.array([severity.speed_px_s, severity.speed_px_s, severity.speed_px_s / 2500])
    reach = np.array([180.0, 180.0, 0.08])
    velocity, pose = random.standard_normal(3) * strength, np.zeros(3)
    out = np.empty((steps, 3))
    for at in range(steps):
        out[at] = pose
        kick = random.standard_normal(3) * strength * np.sqrt(2 * step_s / severity.turn_s)
        velocity += kick - velocity * step_s / severity.turn_s - pose * (2 * np.pi * 0.5) ** 2 * step_s
        pose = np.clip(pose + velocity * step_s, -reach, reach)
    return out


def _look(picture: Gray, pose: NDArray[np.float64]) -> Gray:
    middle = (picture.shape[1] / 2 + pose[0], picture.shape[0] / 2 + pose[1])
    turn = cv2.getRotationMatrix2D(middle, float(np.degrees(pose[2])), 1.0)
    turn[:, 2] += (WIDTH_PX / 2 - middle[0], HEIGHT_PX / 2 - middle[1])
    return np.asarray(cv2.warpAffine(picture, turn, (WIDTH_PX, HEIGHT_PX), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), dtype=np.uint8)


def through_call(pictures: list[Gray], coding: Coding) -> list[Gray]:
    """Encode as a call does (real time, a keyframe every 3 s) and decode again; as many pictures as came in."""
    encoder: Any = av.CodecContext.create(coding.codec, "w")
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
    encoder.bit_rate, encoder.framerate, encoder.time_base, encoder.gop_size = coding.bitrate, FPS, Fraction(1, FPS), 90
    if coding.codec == "libvpx":
        encoder.options = {"deadline": "realtime", "cpu-used": "-6", "lag-in-frames": "0", "error-resilient": "1",
                           "minrate": str(coding.bitrate // 2), "maxrate": str(coding.bitrate), "bufsize": str(coding.bitrate), "undershoot-pct": "95"}
    else:
        encoder.options = {"preset": "superfast", "tune": "zerolatency", "profile": "baseline",
                           "maxrate": str(coding.bitrate), "bufsize": str(coding.bitrate // 2)}
    encoder.thread_count = 1
    decoder: Any = av.CodecContext.create("libvpx" if coding.codec == "libvpx" else "h264", "r")
    decoder.thread_count = 1
    gray = np.full((HEIGHT_PX // 2, WIDTH_PX), 128, np.uint8)
    out: list[Gray] = []
    for number, picture in enumerate([*pictures, None]):
        if picture is None:
            packets = encoder.encode(None)
        else:
            frame = av.VideoFrame.from_ndarray(np.vstack([picture, gray]), format="yuv420p")
            frame.pts = number
            packets = encoder.encode(frame)
        for packet in packets:
            out += [_luma(decoded) for decoded in decoder.decode(packet)]
    out += [_luma(decoded) for decoded in decoder.decode(None)]
    assert len(out) == len(pictures)
    return out


def _luma(frame: Any) -> Gray:
    return np.array(frame.to_ndarray(format="yuv420p")[:HEIGHT_PX])


def psnr(picture: Gray, clean: Gray) -> float:
    """How near `picture` is to its clean source, in dB."""
    return float(cv2.PSNR(picture, clean))
