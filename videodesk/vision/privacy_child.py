"""What the limited child process does in its mode `privacy`: faces, and places with text. Loaded by reading_child.py; knows nothing of the rest.

Faces: CenterFace (an ONNX model of 7 MB, MIT licence, resources/models) in cv2.dnn, at two sizes: the small one for faces that fill the picture, the
larger one for those far away. Text: strokes are thin and dense and stand in rows: a morphological gradient, joined along the row, both
ways round. No text is read here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.uint8]
Floats = NDArray[np.float32]
Answer = tuple[dict[str, Any], bytes]
Net = Any  # cv2.dnn_Net has no type in every OpenCV

SIDES_PX: Final = (512, 1280)
FACE_THRESHOLD: Final = 0.45
_OVERLAP: Final = 0.35
_OUTPUTS: Final = ("537", "538", "539", "540")  # heat, size, offset, landmarks: all of them must be asked for
_STRIDE: Final = 4
_TEXT_SIDE_PX: Final = 1280
_MAX_TEXTS: Final = 60
_MAX_FACES: Final = 200


def privacy_ops(model: bytes) -> dict[str, Callable[[dict[str, Any], bytes], Answer]]:
    """Its one job. `model` is run once, so that all its memory and threads are there."""
    cv2.setNumThreads(2)
    net = cv2.dnn.readNetFromONNX(np.frombuffer(model, np.uint8))
    find_faces(net, np.zeros((64, 64, 3), np.uint8))

    def private(job: dict[str, Any], body: bytes) -> Answer:
        picture = np.frombuffer(body, np.uint8).reshape(job["height_px"], job["width_px"], 3)
        texts = find_texts(cast("Array", cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))) if job["texts"] else []
        return {"problem": None, "faces": find_faces(net, picture), "texts": texts}, b""

    return {"private": private}


# ── faces ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def find_faces(net: Net, picture: Array) -> list[list[float]]:
    """Faces on a BGR picture as [x, y, width, height, confidence], the surest first."""
    boxes: list[list[float]] = []
    for side in SIDES_PX:
        boxes += _faces_at(net, picture, side)
        if max(picture.shape[:2]) <= side:
            break
    if not boxes:
        return []
    kept = cv2.dnn.NMSBoxes([box[:4] for box in boxes], [box[4] for box in boxes], FACE_THRESHOLD, _OVERLAP)
    return [boxes[int(place)] for place in np.asarray(kept).reshape(-1)][:_MAX_FACES]


def _faces_at(net: Net, picture: Array, side_px: int) -> list[list[float]]:
    height, width = picture.shape[:2]
    scale = min(1.0, side_px / max(height, width)) if max(height, width) > side_px else min(2.0, side_px / max(height, width))
    across, down = max(32, round(width * scale / 32) * 32), max(32, round(height * scale / 32) * 32)
    net.setInput(cv2.dnn.blobFromImage(picture, 1.0, (across, down), (0, 0, 0), swapRB=True, crop=False))
    heat, size, offset, _landmarks = (cast("Floats", out)[0] for out in net.forward(list(_OUTPUTS)))
    rows, columns = np.where(heat[0] > FACE_THRESHOLD)
    high, wide = np.exp(size[0, rows, columns]) * _STRIDE, np.exp(size[1, rows, columns]) * _STRIDE
    x = (columns + offset[1, rows, columns] + 0.5) * _STRIDE - wide / 2
    y = (rows + offset[0, rows, columns] + 0.5) * _STRIDE - high / 2
    back_x, back_y = width / across, height / down
    return [[float(value) for value in box] for box in np.stack(
        [x * back_x, y * back_y, wide * back_x, high * back_y, heat[0, rows, columns]], axis=1)]


# ── places with text ───────────────────────────────────────────────────────────────────────────────────────────────


def find_texts(plane: Array) -> list[list[float]]:
    """Places that look like a line of print as [x, y, width, height, confidence], the surest first; lines across and lines down."""
    scale = min(1.0, _TEXT_SIDE_PX / max(plane.shape))
    small = cast("Array", cv2.resize(plane, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)) if scale < 1 else plane
    found = _rows(small) + [[y, x, height, width, sure] for x, y, width, height, sure in _rows(np.ascontiguousarray(small.T))]
    if not found:
        return []
    kept = cv2.dnn.NMSBoxes([box[:4] for box in found], [box[4] for box in found], 0.0, 0.3)
    chosen = [found[int(place)] for place in np.asarray(kept).reshape(-1)][:_MAX_TEXTS]
    return [[value / scale for value in box[:4]] + [box[4]] for box in chosen]


def _rows(plane: Array) -> list[list[float]]:
    height, width = plane.shape
    gradient = cv2.morphologyEx(plane, cv2.MORPH_GRADIENT, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3)))
    level, strokes = cv2.threshold(gradient, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    if level < 12:  # noise of an empty wall
        return []
    found = []
    for reach in (9, 21, 31):  # small print, and large
        joined = cv2.morphologyEx(strokes, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_RECT, (reach, 1)))
        count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=4)
        for place in range(1, count):
            x, y, across, down, _area = (int(value) for value in stats[place])
            if not (8 <= down <= height // 4 and across >= 2 * down and across <= 0.95 * width):
                continue
            inside = (slice(y, y + down), slice(x, x + across))
            own = strokes[inside] * (labels[inside] == place)
            fill = cv2.countNonZero(own) / (across * down)
            # Letters change from stroke to ground many times along a row; an edge or a bar does not.
            middle = own[down // 4: max(down // 4 + 1, 3 * down // 4)] > 0
            changes = float(np.median(np.count_nonzero(np.diff(middle.astype(np.int8), axis=1), axis=1))) * down / across
            if 0.15 <= fill <= 0.9 and changes >= 2.2:
                grow = 0.15 * down
                sure = min(1.0, changes / 4) * 0.5 + 0.2
                found.append([max(0.0, x - grow), max(0.0, y - grow), across + 2 * grow, down + 2 * grow, sure])
    return found
