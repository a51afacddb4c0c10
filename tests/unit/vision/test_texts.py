"""Printed text, where the extra is installed."""

from __future__ import annotations

import os
import signal

import cv2
import numpy as np
import pytest

from tests.unit.vision.drawn import encoded, jpeg
from videodesk.core.errors import WorldError
from videodesk.vision.reading_process import ocr_process
from videodesk.vision.texts import RapidOcrReader, is_installed

pytestmark = pytest.mark.skipif(not is_installed(), reason="the extra [ocr] is not installed")


@pytest.fixture(scope="module")
def process():
    made = ocr_process()
    yield made
    made.close()


def plate(scale: float = 1.0) -> np.ndarray:
    picture = np.full((480, 900), 225, np.uint8)
    for row, line in enumerate(("BOSCH WAN28K40NL/21", "S/N 486010290052600338", "220-240V 50Hz 2300W")):
        cv2.putText(picture, line, (40, 100 + 110 * row), cv2.FONT_HERSHEY_SIMPLEX, 1.4, 25, 2, cv2.LINE_AA)
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize("data", [jpeg(plate(), 80), encoded(plate(), ".png"), jpeg(plate(4.0), 85)], ids=["jpeg", "png", "12 MP"])
def test_a_type_plate_is_read(process, data):
    found = RapidOcrReader(process).read(data)
    joined = " ".join(line.text.replace(" ", "") for line in found)
    assert "486010290052600338" in joined
    assert [line.is_serial_like for line in found if "486010290052600338" in line.text.replace(" ", "")] == [True]
    assert not any(line.is_serial_like for line in found if "50Hz" in line.text)
    assert all(0 <= line.confidence <= 1 and len(line.corners) == 4 for line in found)


def test_a_picture_without_text_has_none(process):
    assert RapidOcrReader(process).read(jpeg(np.full((300, 400), 180, np.uint8))) == []


def test_a_dead_one_is_said_and_replaced(process):
    reader = RapidOcrReader(process)
    reader.read(jpeg(plate()))
    os.kill(process.pid, signal.SIGSTOP)
    os.kill(process.pid, signal.SIGKILL)
    try:
        reader.read(jpeg(plate()))
    except WorldError as problem:
        assert problem.code == "ocr.failed"  # else it was replaced before it was asked
    assert reader.read(jpeg(plate()))
