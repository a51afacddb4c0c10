"""Marks that stick: every mark is held to the object under it while the camera moves.

Between two frames the feature points around a mark are followed by optical flow, forwards and backwards; the motion that they agree on is
then made exact against the picture on which the mark was put, so that errors do not add up. A place counts only where the picture looks
there as it did: else the mark is lost, and is looked for by its keypoints.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from videodesk.calls.pictures import Luma
from videodesk.calls.sticking_ports import StuckPlace
from videodesk.protocol.live import LiveHold
from videodesk.vision.planes import plane_of, working_size
from videodesk.vision.sticking_anchor import Anchor, Keypoints, follow_all, keypoints_of
from videodesk.vision.sticking_geometry import Floats, Gray
from videodesk.vision.sticking_patch import patch_around

_REMEMBERED_FRAMES: Final = 24  # a mark is put on a frame that was on screen a little ago
_SEEK_EVERY: Final = 3  # frames; keypoints cost more than all the rest
_LEARN_EVERY: Final = 10
_NEAR_TICKS: Final = 9_000
_FAR: Final = (-1.9, 2.9)  # a place further off than this is not told


class PlaneSticker:
    """A Sticker. One thread at a time; `put` takes a few ms a frame."""

    def __init__(self) -> None:
        self._frames: deque[tuple[int, Gray]] = deque(maxlen=_REMEMBERED_FRAMES)
        self._anchors: dict[str, Anchor | None] = {}
        self._detector = cv2.ORB.create(700, 1.2, 7, fastThreshold=10)
        self._count = 0

    def put(self, frame: Luma, rtp_time: int) -> dict[str, StuckPlace]:
        gray = _working(frame)
        before = self._frames[-1][1] if self._frames else None
        self._frames.append((rtp_time, gray))
        self._count += 1
        self._step(before, gray)
        return {mark_id: self._place(anchor, gray) for mark_id, anchor in self._anchors.items() if anchor is not None}

    def hold(self, mark_id: str, points: Sequence[tuple[float, float]], rtp_time: int | None = None) -> bool:
        self._anchors[mark_id] = None
        start = self._index_of(rtp_time)
        if start is None:
            return False
        gray = self._frames[start][1]
        height, width = gray.shape
        places: Floats = np.array(points, dtype=np.float64) * (width, height)
        patch = patch_around(gray, places)
        if patch is None:
            return False
        anchor = Anchor(patch, places)
        anchor.learn(keypoints_of(gray, self._detector))
        for at in range(start, len(self._frames) - 1):
            before, after = self._frames[at][1], self._frames[at + 1][1]
            if before.shape == after.shape:
                follow_all([anchor], before, after)
        self._anchors[mark_id] = anchor
        return True

    def let_go(self, mark_id: str) -> None:
        self._anchors.pop(mark_id, None)

    def _index_of(self, rtp_time: int | None) -> int | None:
        """The frame with this RTP time, or the nearest one within a tenth of a second: one may have been left out."""
        if not self._frames:
            return None
        if rtp_time is None:
            return len(self._frames) - 1
        away = [_ticks_apart(known, rtp_time) for known, _ in self._frames]
        nearest = min(range(len(away)), key=away.__getitem__)
        return nearest if away[nearest] <= _NEAR_TICKS else None

    def _step(self, before: Gray | None, gray: Gray) -> None:
        anchors = [anchor for anchor in self._anchors.values() if anchor is not None]
        if not anchors:
            return
        if before is not None and before.shape == gray.shape:
            follow_all(anchors, before, gray)
        elif before is not None:  # the phone was turned round
            for anchor in anchors:
                anchor.lose(np.array([gray.shape[1] / before.shape[1], gray.shape[0] / before.shape[0]]))
        keypoints: Keypoints | None = None
        lost = [anchor for anchor in anchors if not anchor.is_tracked]
        if lost and self._count % _SEEK_EVERY == 0:
            keypoints = keypoints_of(gray, self._detector)
            for anchor in lost:
                anchor.seek(gray, keypoints)
        if self._count % _LEARN_EVERY == 0:
            for anchor in anchors:
                if anchor.is_held and anchor.wants_view:
                    keypoints = keypoints or keypoints_of(gray, self._detector)
                    anchor.learn(keypoints)

    @staticmethod
    def _place(anchor: Anchor, gray: Gray) -> StuckPlace:
        height, width = gray.shape
        places = anchor.places / (width, height)
        is_near = bool(np.isfinite(places).all() and places.min() > _FAR[0] and places.max() < _FAR[1])
        points = tuple((float(x), float(y)) for x, y in np.clip(np.nan_to_num(places), *_FAR))
        return StuckPlace(points, LiveHold.FOLLOWING if anchor.is_held and is_near else LiveHold.LOST)


def _ticks_apart(one: int, other: int) -> int:
    """RTP times are 32 bits wide and begin anywhere (RFC 3550, 5.1)."""
    ahead = (one - other) & 0xFFFFFFFF
    return min(ahead, 0x100000000 - ahead)


def _working(frame: Luma) -> Gray:
    """The frame at working size, a copy of its own: it is kept for longer than the media keep theirs."""
    return np.array(working_size(plane_of(frame)))
