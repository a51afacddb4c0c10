"""Pictures of a flat thing with a reference on it, seen from anywhere: what `measure` measures on. Everything comes from the seed."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from videodesk.annotation.marks import Point, ReferenceKind
from videodesk.annotation.measuring import A4_MM, BANK_CARD_MM, MARKER_MM
from videodesk.vision.measuring import DICTIONARY

Gray = NDArray[np.uint8]
Floats = NDArray[np.float64]

WIDTH_PX, HEIGHT_PX = 1920, 1080
CLICK_PX = 0.8  # how far off (one standard deviation, each way) a person puts the end of a ruler with the loupe
_DOTS_PER_MM = 6.0


@dataclass(frozen=True)
class Pose:
    """A picture (BGRA), where a reference and a ruler truly are on it, and how long the ruler truly is. `tilt_deg`: how far from straight in front."""

    kind: ReferenceKind
    bgra: NDArray[np.uint8]
    corners: tuple[Point, ...]
    start: Point
    end: Point
    true_mm: float
    known_mm: float
    tilt_deg: float


def pose(kind: ReferenceKind, seed: int) -> Pose:
    """One picture of this reference. Tilts up to 60° (a known length: as somebody stands who tries to stand straight in front)."""
    random = np.random.default_rng([list(ReferenceKind).index(kind), seed])
    size = {ReferenceKind.BANK_CARD: BANK_CARD_MM, ReferenceKind.A4: A4_MM, ReferenceKind.MARKER: (MARKER_MM[7 if seed % 2 else 23],) * 2,
            ReferenceKind.KNOWN_LENGTH: (float(random.uniform(60, 400)), 40.0)}[kind]
    for _ in range(200):
        made = _placed(kind, size, random)
        if made is not None:
            return made
    message = "no pose found"
    raise RuntimeError(message)


def _placed(kind: ReferenceKind, size: tuple[float, float], random: np.random.Generator) -> Pose | None:
    longest = max(size)
    tilt = abs(random.normal(0, 6)) if kind is ReferenceKind.KNOWN_LENGTH else float(random.uniform(0, 60))
    if tilt > 60:
        return None
    camera = _Camera(tilt, longest, random)
    turn = random.uniform(0, 2 * np.pi)
    at = random.uniform(-1.2, 1.2, 2) * longest
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    corners_mm = (np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]]) - np.array(size) / 2) @ rotation.T + at
    far = at + _direction(random) * random.uniform(0.7, 2.2) * longest
    length, way = random.uniform(0.3, 2.0) * longest, _direction(random)
    ends_mm = np.array([far - way * length / 2, far + way * length / 2])
    if kind is ReferenceKind.KNOWN_LENGTH:
        corners_mm = np.array([at - rotation[:, 0] * size[0] / 2, at + rotation[:, 0] * size[0] / 2])
    seen = camera.seen(np.vstack([corners_mm, ends_mm]))
    if seen is None:
        return None
    inside = (seen > 12).all() and (seen[:, 0] < WIDTH_PX - 12).all() and (seen[:, 1] < HEIGHT_PX - 12).all()
    shortest = min(float(np.linalg.norm(seen[n] - seen[(n + 1) % len(corners_mm)])) for n in range(len(corners_mm)))
    ruler_px = float(np.linalg.norm(seen[-1] - seen[-2]))
    if not inside or shortest < 50 or ruler_px < 60:
        return None
    clicked = seen[-2:] + random.normal(0, CLICK_PX, (2, 2))
    scene = _scene(kind, size, camera, corners_mm, random)
    known = float(np.linalg.norm(corners_mm[1] - corners_mm[0]))
    return Pose(kind, scene, tuple(Point(*row) for row in seen[:-2].tolist()), Point(*clicked[0].tolist()), Point(*clicked[1].tolist()), float(length), known, float(tilt))


def _direction(random: np.random.Generator) -> Floats:
    angle = random.uniform(0, 2 * np.pi)
    return np.array([np.cos(angle), np.sin(angle)])


class _Camera:
    """A pinhole with a little of a lens's distortion (what a phone leaves: ±0.5 % at the corner of the picture), looking at the plane z = 0."""

    def __init__(self, tilt_deg: float, longest_mm: float, random: np.random.Generator) -> None:
        self.focal = float(random.uniform(0.7, 1.2)) * WIDTH_PX
        self.bend = float(random.uniform(-0.005, 0.005))
        tilt, around, spin = np.radians(tilt_deg), random.uniform(0, 2 * np.pi), random.uniform(0, 2 * np.pi)
        axis = np.array([np.cos(around), np.sin(around), 0.0])
        self.rotation = _spin(spin) @ np.asarray(cv2.Rodrigues(axis * tilt)[0], dtype=np.float64)
        share = float(random.uniform(0.08, 0.35))  # of the picture's width that the reference takes
        self.distance = longest_mm * self.focal / (share * WIDTH_PX)
        self.homography = self._homography()

    def _homography(self) -> Floats:
        inner = np.array([[self.focal, 0, WIDTH_PX / 2], [0, self.focal, HEIGHT_PX / 2], [0, 0, 1]])
        return inner @ np.column_stack([self.rotation[:, 0], self.rotation[:, 1], [0.0, 0.0, self.distance]])

    def seen(self, places_mm: Floats) -> Floats | None:
        """Where these are on the picture, in px from its outer corner; None where one is behind the camera."""
        flat = np.column_stack([places_mm, np.ones(len(places_mm))]) @ self.homography.T
        if (flat[:, 2] <= 0.1 * self.distance).any():
            return None
        return self.bent(flat[:, :2] / flat[:, 2:])

    def bent(self, px: Floats) -> Floats:
        """With the lens's distortion."""
        middle = np.array([WIDTH_PX / 2, HEIGHT_PX / 2])
        from_middle = px - middle
        square = (from_middle**2).sum(axis=-1, keepdims=True) / float(middle @ middle)
        return np.asarray(middle + from_middle * (1 + self.bend * square))

    def straight(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """For every pixel of the picture where it is taken from on the picture without distortion (cv2's count: middles at whole numbers)."""
        x, y = np.meshgrid(np.arange(WIDTH_PX) + 0.5, np.arange(HEIGHT_PX) + 0.5)
        bent = np.stack([x, y], axis=-1).astype(np.float64)
        plain = bent.copy()
        for _ in range(3):
            plain = plain - (self.bent(plain) - bent)
        return (plain[..., 0] - 0.5).astype(np.float32), (plain[..., 1] - 0.5).astype(np.float32)


def _spin(angle: float) -> Floats:
    return np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])


def _scene(kind: ReferenceKind, size: tuple[float, float], camera: _Camera, corners_mm: Floats, random: np.random.Generator) -> NDArray[np.uint8]:
    table, thing = _table(random), None
    scene = cv2.warpPerspective(table, camera.homography @ _scaled(table, 8.0 * max(size)), (WIDTH_PX, HEIGHT_PX), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT).astype(np.float32)
    if kind is not ReferenceKind.KNOWN_LENGTH:
        thing, cover = _thing(kind, size, random)
        height, width = thing.shape[:2]
        drawn = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
        margin = _margin_mm(kind, size)
        grown = np.array([[-margin, -margin], [size[0] + margin, -margin], [size[0] + margin, size[1] + margin], [-margin, size[1] + margin]])
        own = _own_to_table(corners_mm, size)
        targets = (np.column_stack([grown, np.ones(4)]) @ own.T)[:, :2].astype(np.float32)
        to_table = cv2.getPerspectiveTransform(drawn, targets)
        # cv2 counts pixel middles, the rest outer corners.
        half = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1.0]])
        whole = half @ camera.homography @ to_table @ np.linalg.inv(half)
        scene = _laid_on(scene, thing, cover, whole)
    maps = camera.straight()
    scene = cv2.remap(scene, maps[0], maps[1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    return _photographed(scene, random)


def _laid_on(scene: NDArray[np.float32], thing: NDArray[np.float32], cover: NDArray[np.float32], whole: Floats) -> NDArray[np.float32]:
    """The thing on the table: drawn twice as fine and halved, so that its edge is smooth at the right place."""
    fine = np.array([[2, 0, 0.5], [0, 2, 0.5], [0, 0, 1.0]]) @ whole
    size = (2 * WIDTH_PX, 2 * HEIGHT_PX)
    laid = cv2.resize(cv2.warpPerspective(thing, fine, size, flags=cv2.INTER_LINEAR), (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA)
    seen = cv2.resize(cv2.warpPerspective(cover, fine, size, flags=cv2.INTER_LINEAR), (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA)[..., None]
    return np.asarray(scene * (1 - seen) + laid, dtype=np.float32)


def _own_to_table(corners_mm: Floats, size: tuple[float, float]) -> Floats:
    across, down = (corners_mm[1] - corners_mm[0]) / size[0], (corners_mm[3] - corners_mm[0]) / size[1]
    return np.array([[across[0], down[0], corners_mm[0][0]], [across[1], down[1], corners_mm[0][1]], [0, 0, 1.0]])


def _scaled(table: NDArray[np.uint8], span_mm: float) -> Floats:
    """From the table's texture to mm, its middle at (0, 0)."""
    height, width = table.shape[:2]
    return np.array([[span_mm / width, 0, -span_mm / 2], [0, span_mm / width, -span_mm / 2 * height / width], [0, 0, 1.0]])


def _table(random: np.random.Generator) -> NDArray[np.uint8]:
    """Wood, fabric or lacquer: a colour, grain, some spots and scratches."""
    colour = random.uniform(30, 215, 3)
    side = 1400
    grain = cv2.GaussianBlur(random.standard_normal((side, side)).astype(np.float32), (0, 0), float(random.uniform(1, 6)), sigmaY=float(random.uniform(1, 40)))
    texture = grain / (grain.std() + 1e-6) * random.uniform(2, 14)
    table = (np.ones((side, side, 3)) * colour + texture[..., None]).astype(np.float32)
    for _ in range(int(random.integers(0, 25))):
        one, two = (tuple(int(v) for v in random.integers(0, side, 2)) for _ in range(2))
        cv2.line(table, one, two, (colour + random.uniform(-40, 40)).tolist(), int(random.integers(1, 5)), cv2.LINE_AA)
    return np.clip(table, 0, 255).astype(np.uint8)


def _margin_mm(kind: ReferenceKind, size: tuple[float, float]) -> float:
    return size[0] * 0.15 if kind is ReferenceKind.MARKER else 0.0


def _thing(kind: ReferenceKind, size: tuple[float, float], random: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The reference (height × width × 3, 0…255, black where nothing is) and where it is (0…1)."""
    dots = 400 / size[0] if kind is ReferenceKind.MARKER else _DOTS_PER_MM * 85 / max(85.0, *size)
    margin = _margin_mm(kind, size)
    width, height = round((size[0] + 2 * margin) * dots), round((size[1] + 2 * margin) * dots)
    cover = np.ones((height, width), np.float32)
    if kind is ReferenceKind.MARKER:
        white = random.uniform(190, 250)
        side = round(size[0] * dots)
        number = next(key for key, value in MARKER_MM.items() if value == size[0])
        pattern = cv2.aruco.generateImageMarker(cv2.aruco.getPredefinedDictionary(DICTIONARY), number, side)
        paper = np.full((height, width), white, np.float32)
        at = (width - side) // 2
        paper[at:at + side, at:at + side] = 20 + pattern.astype(np.float32) / 255 * (white - 20)
        return np.repeat(paper[..., None], 3, axis=2), cover
    if kind is ReferenceKind.A4:
        paper = np.full((height, width, 3), random.uniform(215, 250), np.float32)
        for line in range(int(random.integers(0, 12))):
            y = int(height * (0.15 + 0.06 * line))
            cv2.line(paper, (int(0.12 * width), y), (int(width * random.uniform(0.4, 0.85)), y), (60, 60, 60), max(1, int(dots)))
        return paper, cover
    radius = round(3.18 * dots)
    cover = np.zeros((height, width), np.float32)
    cv2.rectangle(cover, (radius, 0), (width - radius, height), 1.0, -1)
    cv2.rectangle(cover, (0, radius), (width, height - radius), 1.0, -1)
    for x in (radius, width - radius):
        for y in (radius, height - radius):
            cv2.circle(cover, (x, y), radius, 1.0, -1)
    ramp = np.linspace(-1, 1, width)[None, :, None] * random.uniform(-30, 30)
    card = np.clip(np.ones((height, width, 3)) * random.uniform(20, 235, 3) + ramp, 0, 255).astype(np.uint8)
    cv2.rectangle(card, (round(9 * dots), round(19 * dots)), (round(22 * dots), round(28 * dots)), (80, 180, 205), -1)
    cv2.putText(card, "5412 7512 3412 3456", (round(8 * dots), round(38 * dots)), cv2.FONT_HERSHEY_SIMPLEX, dots * 0.18, (235, 235, 235), 2, cv2.LINE_AA)
    return card.astype(np.float32) * cover[..., None], cover


def _photographed(scene: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.uint8]:
    """Uneven light, blur of the lens and of the hand, noise, JPEG."""
    light = np.linspace(1 - random.uniform(0, 0.3), 1, WIDTH_PX, dtype=np.float32)
    scene = scene * (light if random.random() < 0.5 else light[::-1])[None, :, None]
    scene = cv2.GaussianBlur(scene, (0, 0), float(random.uniform(0.4, 1.8)))
    shake = random.uniform(0, 4)
    if shake > 1:
        kernel = np.zeros((9, 9), np.float32)
        way = _direction(random) * shake / 2
        cv2.line(kernel, (round((4 - way[0]) * 16), round((4 - way[1]) * 16)), (round((4 + way[0]) * 16), round((4 + way[1]) * 16)), 1.0, 1, cv2.LINE_AA, 4)
        scene = cv2.filter2D(scene, -1, (kernel + kernel[::-1, ::-1]) / (2 * kernel.sum()))
    scene = scene + random.standard_normal(scene.shape).astype(np.float32) * random.uniform(1, 7)
    encoded = cv2.imencode(".jpg", np.clip(scene, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(55, 96))])[1]
    return np.asarray(cv2.cvtColor(cv2.imdecode(encoded, cv2.IMREAD_COLOR), cv2.COLOR_BGR2BGRA), dtype=np.uint8)
