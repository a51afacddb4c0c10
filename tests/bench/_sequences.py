"""Films of a camera that moves round a table with a parcel on it, with the true place of every point of the parcel. All from the seed.

The parcel is a plane in front of the table, which is a second plane further away: both move as a real camera (a 65° lens) would see them.
Motion blur is the mean over the exposure, noise and the call's codec come on top.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.bench._shaking import FPS, HEIGHT_PX, WIDTH_PX, Gray

Floats = NDArray[np.float64]

SECONDS: Final = 7.0
SEEDS: Final = (21, 22)  # 11 and 12 were looked at while it was built, these were not
_FOCAL_PX: Final = 1005.0
_BLUR_POSES: Final = 5
_PARCEL_PX: Final = (920, 640)
_TABLE_PX: Final = (3400, 2000)
# Distances in units of which the parcel is 0.92 wide: the parcel at 1.0, the table behind it.
_TABLE_FURTHER: Final = 0.22


@dataclass(frozen=True, slots=True)
class Pose:
    """Where the camera is against straight above the parcel: shifted (parcel widths / 1000 px), nearer or further, turned (rad: tilt, pan, roll)."""

    x: float = 0.0
    y: float = 0.0
    z: float = 1.25
    tilt: float = 0.0
    pan: float = 0.0
    roll: float = 0.0


Path = Callable[[float], Pose]


@dataclass(frozen=True, slots=True)
class Film:
    """Frames and, for each, the homography from the parcel's picture (px) to the frame, and what of the frame a hand covers."""

    kind: str
    seed: int
    frames: list[Gray]
    motions: list[Floats]
    hands: list[Gray | None]


def kinds() -> list[str]:
    """The ways the camera moves, or what comes between."""
    return list(_PATHS)


def film(kind: str, seed: int, seconds: float = SECONDS) -> Film:
    """Made from the seed; 720p at 30 frames a second."""
    random = np.random.default_rng([list(_PATHS).index(kind), seed])
    path = _PATHS[kind](random)
    parcel, table = appliance_picture(random) if kind == "plain" else parcel_picture(random), _table_picture(random)
    if kind == "twin":
        _put_twin(table, parcel, random)
    exposure_s = {"blur": 1 / 30, "shake": 1 / 50}.get(kind, 1 / 90)
    hand = _Hand(random) if kind in {"hand", "all"} else None
    gain = _light(random, kind)
    frames, motions, hands = [], [], []
    for number in range(round(seconds * FPS)):
        at = number / FPS
        poses = [path(at + (step / (_BLUR_POSES - 1) - 0.5) * exposure_s) for step in range(_BLUR_POSES)]
        seen = np.mean([_look(parcel, table, pose) for pose in poses], axis=0, dtype=np.float32)
        cover = hand.over(seen, at, seconds) if hand else None
        noisy = seen * gain(at) + random.normal(0, 2.0, seen.shape).astype(np.float32)
        frames.append(np.clip(noisy, 0, 255).astype(np.uint8))
        motions.append(_motion(path(at), _PARCEL_PX, 0.0))
        hands.append(cover)
    return Film(kind, seed, frames, motions, hands)


def true_places(one: Film, number: int, points: Floats) -> Floats:
    """Where the parcel's (n, 2) points are in frame `number`, as fractions of the frame."""
    seen = np.hstack([points, np.ones((len(points), 1))]) @ one.motions[number].T
    return np.asarray(seen[:, :2] / seen[:, 2:] / (WIDTH_PX, HEIGHT_PX))


def is_in_view(one: Film, number: int, points: Floats) -> bool:
    """Whether the whole mark is in the frame and nothing covers it."""
    places = true_places(one, number, points)
    if places.min() < 0.02 or places.max() > 0.98:
        return False
    hand = one.hands[number]
    if hand is None:
        return True
    at = np.clip((places * (WIDTH_PX, HEIGHT_PX)).astype(int), 0, (WIDTH_PX - 1, HEIGHT_PX - 1))
    low, high = at.min(axis=0), at.max(axis=0) + 1
    return float(hand[low[1]: high[1], low[0]: high[0]].mean()) < 0.5 * 255


def parcel_picture(random: np.random.Generator, label: tuple[int, int] | None = None) -> Gray:
    """A dented parcel with a label (its upper left corner) and a bar code on it."""
    width, height = _PARCEL_PX
    image = np.clip(168 + 9 * _grain(random, (height, width), 6) + 6 * _grain(random, (height, width), 1), 0, 255).astype(np.uint8)
    for _ in range(16):
        at = random.integers((20, 20), (width - 20, height - 20))
        cv2.line(image, at.tolist(), (at + random.integers(-90, 90, 2)).tolist(), int(random.integers(40, 230)), int(random.integers(1, 4)), cv2.LINE_AA)
    for _ in range(5):
        middle = random.integers((60, 60), (width - 60, height - 60)).tolist()
        cv2.ellipse(image, middle, random.integers(20, 70, 2).tolist(), float(random.uniform(0, 180)), 0, 360, int(random.integers(60, 130)), 3, cv2.LINE_AA)
    left, top = label or (int(random.integers(60, 320)), int(random.integers(60, 220)))
    cv2.rectangle(image, (left, top), (left + 420, top + 300), 236, -1)
    for row in range(8):
        text = "".join(random.choice(list("ABCDEFGHKLMNPRSTUVWXYZ0123456789 "), 24))
        cv2.putText(image, text, (left + 14, top + 34 + 24 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.5 + 0.06 * (row % 3), 30, 1, cv2.LINE_AA)
    at_px = left + 20
    while at_px < left + 390:
        bar = int(random.integers(2, 7))
        cv2.rectangle(image, (at_px, top + 230), (at_px + bar, top + 285), 20, -1)
        at_px += bar + int(random.integers(2, 8))
    cv2.rectangle(image, (0, 0), (width - 1, height - 1), 90, 3)
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 0.6), dtype=np.uint8)


def appliance_picture(random: np.random.Generator) -> Gray:
    """A smooth white front: a shade, a door's edge, four knobs, a display, a badge, nothing else."""
    width, height = _PARCEL_PX
    shade = np.linspace(196, 226, width)[None, :] + np.linspace(0, -18, height)[:, None] + 0.8 * _grain(random, (height, width), 2)
    image = np.clip(shade, 0, 255).astype(np.uint8)
    cv2.rectangle(image, (30, 150), (width - 30, height - 30), 176, 3, cv2.LINE_AA)
    for knob in range(4):
        middle = (120 + 120 * knob + int(random.integers(-10, 10)), 78)
        cv2.circle(image, middle, 38, 170, 3, cv2.LINE_AA)
        angle = float(random.uniform(0, 2 * np.pi))
        cv2.line(image, middle, (middle[0] + int(34 * np.cos(angle)), middle[1] + int(34 * np.sin(angle))), 60, 5, cv2.LINE_AA)
    cv2.rectangle(image, (640, 50), (850, 110), 40, -1)
    cv2.putText(image, f"{int(random.integers(10, 24))}:{int(random.integers(10, 60))}", (690, 96), cv2.FONT_HERSHEY_SIMPLEX, 1.3, 210, 3, cv2.LINE_AA)
    cv2.putText(image, "".join(random.choice(list("AEIOKLMNRST"), 6)), (380, 220), cv2.FONT_HERSHEY_SIMPLEX, 0.9, 110, 2, cv2.LINE_AA)
    cv2.rectangle(image, (300, 420), (620, 440), 150, -1)
    cv2.ellipse(image, (500, 330), (50, 24), 20, 0, 360, 150, 2, cv2.LINE_AA)
    for _ in range(3):
        at = random.integers((330, 260), (600, 400))
        cv2.line(image, at.tolist(), (at + random.integers(-40, 40, 2)).tolist(), 140, 2, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 0.6), dtype=np.uint8)


def _put_twin(table: Gray, parcel: Gray, random: np.random.Generator) -> None:
    """A second parcel of the same kind lies on the table: the same label in the same place, with its own text, bars, dents and scratches."""
    bright = np.argwhere(parcel > 230)
    top, left = (int(side) for side in bright.min(axis=0))
    other = parcel_picture(random, (left, top))
    height, width = other.shape
    at_x, at_y = table.shape[1] // 2 + 620, (table.shape[0] - height) // 2
    table[at_y: at_y + height, at_x: at_x + width] = other


def _table_picture(random: np.random.Generator) -> Gray:
    width, height = _TABLE_PX
    image = 112 + 12 * _grain(random, (height, width), 24) + 6 * _grain(random, (height, width), 2)
    picture = np.clip(image, 0, 255).astype(np.uint8)
    for _ in range(40):
        at = random.integers((0, 0), (width, height))
        if random.random() < 0.5:
            cv2.circle(picture, at.tolist(), int(random.integers(8, 50)), int(random.integers(30, 220)), -1, cv2.LINE_AA)
        else:
            cv2.rectangle(picture, at.tolist(), (at + random.integers(20, 160, 2)).tolist(), int(random.integers(30, 220)), int(random.choice([-1, 3])))
    return picture


def _grain(random: np.random.Generator, shape: tuple[int, int], smooth_px: float) -> NDArray[np.float32]:
    noise = cv2.GaussianBlur(random.standard_normal(shape).astype(np.float32), (0, 0), smooth_px)
    return np.asarray(noise / noise.std(), dtype=np.float32)


def _motion(pose: Pose, size_px: tuple[int, int], further: float) -> Floats:
    """From a plane's picture (px, 1000 px a unit, its middle under the origin) to the frame."""
    tilt, _ = cv2.Rodrigues(np.array([pose.tilt, 0.0, 0.0]))
    pan, _ = cv2.Rodrigues(np.array([0.0, pose.pan, 0.0]))
    roll, _ = cv2.Rodrigues(np.array([0.0, 0.0, pose.roll]))
    # The camera circles round the point it looks at: turning it turns the world about the parcel's middle.
    turn = roll @ pan @ tilt
    plane = np.array([[1e-3, 0, -size_px[0] * 5e-4], [0, 1e-3, -size_px[1] * 5e-4], [0, 0, 1]])
    extrinsic = np.column_stack([turn[:, 0], turn[:, 1], turn @ np.array([0, 0, further]) + np.array([pose.x, pose.y, pose.z])])
    lens = np.array([[_FOCAL_PX, 0, WIDTH_PX / 2], [0, _FOCAL_PX, HEIGHT_PX / 2], [0, 0, 1]])
    motion = lens @ extrinsic @ plane
    return np.asarray(motion / motion[2, 2])


def _look(parcel: Gray, table: Gray, pose: Pose) -> Gray:
    size = (WIDTH_PX, HEIGHT_PX)
    behind = cv2.warpPerspective(table, _motion(pose, _TABLE_PX, _TABLE_FURTHER), size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    front = _motion(pose, _PARCEL_PX, 0.0)
    return np.asarray(cv2.warpPerspective(parcel, front, size, dst=behind, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT), dtype=np.uint8)


class _Hand:
    """A forearm with a fist that comes in from a side, stays over the parcel's middle and goes."""

    def __init__(self, random: np.random.Generator) -> None:
        self._angle = float(random.uniform(0, 2 * np.pi))
        self._skin = np.clip(150 + 14 * _grain(random, (HEIGHT_PX, WIDTH_PX), 9), 0, 255).astype(np.float32)

    def over(self, seen: NDArray[np.float32], at_s: float, seconds: float) -> Gray | None:
        """Painted over the frame (in place); its mask, or None while it is not there."""
        phase = at_s / seconds
        reach = float(np.interp(phase, [0.25, 0.33, 0.55, 0.63], [0.0, 1.0, 1.0, 0.0]))
        if reach <= 0:
            return None
        way = np.array([np.cos(self._angle), np.sin(self._angle)])
        tip = np.array([WIDTH_PX / 2, HEIGHT_PX / 2]) + way * (900 * (1 - reach) + 25 * np.sin(at_s * 5))
        mask: Gray = np.zeros((HEIGHT_PX, WIDTH_PX), np.uint8)
        cv2.line(mask, tip.astype(int).tolist(), (tip + way * 1500).astype(int).tolist(), 255, 210)
        cv2.circle(mask, tip.astype(int).tolist(), 190, 255, -1)
        for finger in range(4):
            spread = (finger - 1.5) * 0.35
            side = np.array([np.cos(self._angle + np.pi + spread), np.sin(self._angle + np.pi + spread)])
            cv2.line(mask, tip.astype(int).tolist(), (tip + side * 300).astype(int).tolist(), 255, 58)
        soft = cv2.GaussianBlur(mask, (0, 0), 2.0)
        alpha = soft.astype(np.float32) / 255
        shifted = np.roll(self._skin, (int(tip[1]), int(tip[0])), axis=(0, 1))
        seen += alpha * (shifted - seen)
        return np.asarray(soft, dtype=np.uint8)


def _light(random: np.random.Generator, kind: str) -> Callable[[float], float]:
    phase = float(random.uniform(0, 6))
    depth = 0.15 if kind in {"light", "all"} else 0.03
    return lambda at: 1 - depth + depth * float(np.sin(1.3 * at + phase))


def _waves(random: np.random.Generator, size: float, around_hz: float) -> Callable[[float], float]:
    """A smooth wandering of about `size`, nothing at the start."""
    speeds, phases = random.uniform(0.5, 1.6, 4) * around_hz * 2 * np.pi, random.uniform(0, 2 * np.pi, 4)
    weights = random.uniform(0.5, 1, 4)
    weights *= size / np.linalg.norm(weights)
    start = float((weights * np.sin(phases)).sum())
    return lambda at: float((weights * np.sin(speeds * at + phases)).sum()) - start


def _handheld(random: np.random.Generator, strength: float = 1.0) -> Path:
    x, y, z = (_waves(random, 0.012 * strength, 0.9) for _ in range(3))
    tilt, pan, roll = (_waves(random, 0.014 * strength, 1.1) for _ in range(3))
    return lambda at: Pose(x(at), y(at), 1.25 + z(at), tilt(at), pan(at), roll(at))


def _with(base: Path, change: Callable[[float], dict[str, float]]) -> Path:
    def path(at: float) -> Pose:
        pose, more = base(at), change(at)
        return Pose(pose.x + more.get("x", 0), pose.y + more.get("y", 0), pose.z * more.get("z", 1), pose.tilt + more.get("tilt", 0),
                    pose.pan + more.get("pan", 0), pose.roll + more.get("roll", 0))
    return path


def _pan(random: np.random.Generator) -> Path:
    x, y = _waves(random, 0.28, 0.25), _waves(random, 0.13, 0.3)
    return _with(_handheld(random), lambda at: {"x": x(at), "y": y(at)})


def _rotate(random: np.random.Generator) -> Path:
    way = float(random.choice([-1, 1]))
    return _with(_handheld(random), lambda at: {"roll": way * 1.6 * float(np.sin(0.75 * at))})


def _zoom(random: np.random.Generator) -> Path:
    way = float(random.choice([-1, 1]))
    return _with(_handheld(random), lambda at: {"z": float(np.exp(way * 0.62 * np.sin(0.95 * at)))})


def _tilt(random: np.random.Generator) -> Path:
    ways = random.choice([-1, 1], 2)
    return _with(_handheld(random), lambda at: {"tilt": 0.75 * float(ways[0] * np.sin(0.9 * at)), "pan": 0.5 * float(ways[1] * np.sin(1.3 * at)), "z": 1.15})


def _away(random: np.random.Generator) -> Path:
    angle = float(random.uniform(0, 2 * np.pi))

    def change(at: float) -> dict[str, float]:
        far = float(np.interp(at, [1.5, 2.5, 3.8, 4.8], [0.0, 1.7, 1.7, 0.0]))
        back = 0.12 * float(np.interp(at, [2.5, 4.8], [0.0, 1.0]))
        return {"x": far * float(np.cos(angle)), "y": far * float(np.sin(angle)), "roll": 2 * back, "z": 1 + back}
    return _with(_handheld(random), change)


def _twin(random: np.random.Generator) -> Path:
    """The parcel goes out of view while its twin comes in and stays."""
    return _with(_handheld(random), lambda at: {"x": -1.45 * float(np.interp(at, [1.5, 3.0, 4.2, 5.5], [0.0, 1.0, 1.0, 0.0]))})


def _all(random: np.random.Generator) -> Path:
    x, y, roll, tilt, nearer = _waves(random, 0.15, 0.2), _waves(random, 0.1, 0.25), _waves(random, 0.3, 0.2), _waves(random, 0.25, 0.2), _waves(random, 0.2, 0.2)
    return _with(_handheld(random, 1.5), lambda at: {"x": x(at), "y": y(at), "roll": roll(at), "tilt": tilt(at), "z": float(np.exp(nearer(at)))})


_PATHS: Final[dict[str, Callable[[np.random.Generator], Path]]] = {
    "pan": _pan, "rotate": _rotate, "zoom": _zoom, "tilt": _tilt, "blur": lambda random: _handheld(random, 8.0), "shake": lambda random: _handheld(random, 2.5),
    "hand": _handheld, "away": _away, "twin": _twin, "plain": _pan, "light": _handheld, "all": _all}
