"""An anchor: one mark's hold on the object under it, from frame to frame, lost and found again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from videodesk.vision.sticking_geometry import Floats, Gray, carry, fit, flow, is_plausible, is_within
from videodesk.vision.sticking_patch import Agreement, Patch

_WEAK_FRAMES: Final = 4  # frames that a blur may last before the mark counts as lost
_SURE_FRAMES: Final = 2  # frames that must agree before a mark that was lost is shown again
_ALIKE: Final = 0.78  # twins of a thing have some 0.75 of its fine structure
_STILL_ALIKE: Final = 0.5  # once found, in the next frames
_MAX_VIEWS: Final = 6
_DETAIL_EVERY: Final = 6  # frames
_MATCHER: Final = cv2.BFMatcher(cv2.NORM_HAMMING)


@dataclass(frozen=True, slots=True)
class Keypoints:
    """ORB keypoints of a picture: (n, 2) px and (n, 32) descriptors."""

    places: Floats
    descriptors: NDArray[np.uint8]


def keypoints_of(gray: Gray, detector: cv2.ORB) -> Keypoints:
    """The keypoints of a picture, with places in px."""
    found: Any = detector.detectAndCompute(gray, None)  # descriptors are None where nothing stands out
    points, descriptors = found
    if descriptors is None:
        return Keypoints(np.empty((0, 2)), np.empty((0, 32), np.uint8))
    return Keypoints(np.asarray(cv2.KeyPoint.convert(points), dtype=np.float64), descriptors)


class Anchor:
    """Holds the (n, 2) `points` of a picture (px) to what lies under them. `motion` takes that picture's places to the newest frame's.

    A place counts only where the patch's correlation and its feature points agree; `is_held` says whether it does.
    """

    def __init__(self, patch: Patch, points: Floats) -> None:
        self._patch = patch
        self._points = points
        self.motion: Floats = np.eye(3)
        self._places = points
        self.is_held = True
        self._count = 0
        self._weak = 0
        self._sure = 0
        self._usual = 0.8  # how much of its fine structure is to be seen while it is held: less through a weak line
        self._views: list[tuple[Keypoints, float]] = []

    @property
    def places(self) -> Floats:
        """Where the mark is on the newest frame on which it was held, (n, 2) px."""
        return carry(self.motion, self._points) if self.is_held else self._places

    @property
    def is_tracked(self) -> bool:
        """Whether it follows from frame to frame, shown or about to be."""
        return self.is_held or self._sure > 0

    def expected(self, width_px: int, height_px: int) -> Floats:
        """Where its feature points are on the frame before, (n, 2) px, as far as they are in view; none while it is lost."""
        if not self.is_tracked:
            return np.empty((0, 2))
        start = carry(self.motion, self._patch.features)
        return start[is_within(start, width_px, height_px, 3.0)]

    def follow(self, after: Gray, start: Floats, end: Floats, is_good: NDArray[np.bool_]) -> None:
        """On to the next frame: its `expected` points were at `start` and are at `end` now, the good ones of them."""
        if not self.is_tracked:
            return
        guess = self._flowed(start, end, is_good)
        motion = None if guess is None else self._confirmed(after, guess[0], 0.0 if self.is_held else _STILL_ALIKE)
        if motion is not None:
            self._hold(motion)
        elif self.is_held and guess is not None and self._weak < _WEAK_FRAMES and self._is_carried(after, guess):
            self._weak += 1
            self.motion = guess[0]
        else:
            self.lose()

    def lose(self, scale: Floats | None = None) -> None:
        """It is not known any more where the mark is; it stays where it was last, in a frame `scale` (x, y) times the size."""
        self._places = self.places if scale is None else self.places * scale
        self.is_held, self._weak, self._sure = False, 0, 0

    def seek(self, gray: Gray, keypoints: Keypoints) -> None:
        """Look for a lost mark in the whole frame. Found is what the next frame says again."""
        for view, _ in reversed(self._views):
            guess = _matched(view, keypoints, self._patch)
            motion = None if guess is None else self._confirmed(gray, guess, _ALIKE)
            if motion is not None:
                self.motion, self._sure = motion, 1
                return

    def learn(self, keypoints: Keypoints) -> None:
        """Remember how the object looks in this frame, from this distance and side, for the day it is lost."""
        inverse = np.linalg.inv(self.motion)
        places = carry(inverse / inverse[2, 2], keypoints.places)
        left, top, right, bottom = self._patch.box
        reach_x, reach_y = 0.25 * (right - left), 0.25 * (bottom - top)
        near = (places >= (left - reach_x, top - reach_y)).all(axis=1) & (places <= (right + reach_x, bottom + reach_y)).all(axis=1)
        if near.sum() >= 12:
            self._views.append((Keypoints(places[near], keypoints.descriptors[near]), self._growth()))
            if len(self._views) > _MAX_VIEWS:
                del self._views[1]

    @property
    def wants_view(self) -> bool:
        """Whether it is held and looks unlike all that it remembers."""
        if not self._views:
            return True
        growth = self._growth()
        return self.is_held and self._weak == 0 and all(abs(np.log(growth / known)) > 0.35 for _, known in self._views)

    def _growth(self) -> float:
        return float(np.sqrt(cv2.contourArea(carry(self.motion, self._patch.corners).astype(np.float32)) / self._patch.area_px2))

    def _flowed(self, start: Floats, end: Floats, is_good: NDArray[np.bool_]) -> tuple[Floats, float] | None:
        """The motion that the flow between two frames says, and the share of the points in view that agree."""
        found = fit(start[is_good], end[is_good], 2.0, self._growth() ** 2 * self._patch.area_px2)
        if found is None:
            return None
        motion = found[0] @ self.motion
        motion /= motion[2, 2]
        return (motion, float(found[1].sum() / len(start))) if is_plausible(motion, self._patch.corners) else None

    def _confirmed(self, gray: Gray, motion: Floats, alike: float) -> Floats | None:
        """The motion made exact, or None where the picture does not agree; `alike` as in `_agrees`."""
        refined = self._patch.refine(gray, motion)
        if refined is None:
            return None
        self._count += 1
        agreement = self._patch.agreement(gray, *refined, with_detail=alike > 0 or self._count % _DETAIL_EVERY == 0)
        if alike == 0 and agreement.detail is not None and agreement.share > 0.9:
            self._usual += 0.4 * (agreement.detail - self._usual)
        return refined[0] if self._agrees(agreement, alike) else None

    def _agrees(self, found: Agreement, alike: float) -> bool:
        """Whether the mark is there. `alike` (a share of the fine structure that is usual) where it was lost: there may be another thing of the same kind."""
        if alike > 0:
            is_same = found.inliers >= 0.5 * found.points and found.detail is not None and found.detail >= alike * self._usual
            return is_same and found.inliers >= 10 and found.agreeing >= 5 and found.share >= 0.6
        return found.inliers >= 8 and found.agreeing >= 4 and found.share >= 0.35

    def _is_carried(self, gray: Gray, guess: tuple[Floats, float]) -> bool:
        """Whether the flow alone may carry it through a blurred frame: nearly all points say the same, and some of the patch is still to be seen."""
        motion, share = guess
        return share > 0.7 and self._patch.agreement(gray, motion, 0).share > 0.3

    def _hold(self, motion: Floats) -> None:
        self.motion, self._weak = motion, 0
        if not self.is_held:
            self._sure += 1
            self.is_held = self._sure >= _SURE_FRAMES
        if self.is_held:
            self._sure = 0


def follow_all(anchors: Sequence[Anchor], before: Gray, after: Gray) -> None:
    """All anchors on to the next frame: one flow for the points of all of them."""
    starts = [anchor.expected(after.shape[1], after.shape[0]) for anchor in anchors]
    ends, good = flow(before, after, np.concatenate(starts), window_px=15, levels=3, back_px=1.0)
    at = 0
    for anchor, start in zip(anchors, starts, strict=True):
        own = slice(at, at := at + len(start))
        anchor.follow(after, start, ends[own], good[own])


def _matched(view: Keypoints, frame: Keypoints, patch: Patch) -> Floats | None:
    """The motion that takes a remembered view to the frame by its keypoints."""
    if len(view.places) < 12 or len(frame.places) < 12:
        return None
    pairs = _MATCHER.knnMatch(view.descriptors, frame.descriptors, k=2)
    chosen = [(first.queryIdx, first.trainIdx) for first, second in pairs if first.distance < 0.8 * second.distance and first.distance < 70]
    if len(chosen) < 10:
        return None
    ours, theirs = np.array(chosen).T
    motion, mask = cv2.findHomography(view.places[ours], frame.places[theirs], cv2.USAC_MAGSAC, 3.0, maxIters=1000, confidence=0.995)
    if motion is None or mask.sum() < 10 or not is_plausible(motion, patch.corners):
        return None
    return np.asarray(motion, dtype=np.float64)
