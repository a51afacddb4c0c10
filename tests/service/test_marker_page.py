"""The measuring card: anybody may print it, and what is printed is found and has the size it says."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from tests.service.conftest import close_desk, make_desk
from videodesk.annotation.marks import ReferenceKind
from videodesk.annotation.measuring import MARKER_MM
from videodesk.core.vocabulary import Language
from videodesk.sealing.marker_page import marker_page, marker_picture
from videodesk.service.app import create_app
from videodesk.vision.measuring import EdgeFinder, find_marker

DOTS_PER_INCH = 200
DOTS_PER_MM = DOTS_PER_INCH / 25.4


@pytest.fixture(scope="module", params=list(Language))
def page(request):
    return cv2.imdecode(np.frombuffer(marker_picture(request.param, DOTS_PER_INCH), np.uint8), cv2.IMREAD_COLOR)


def side_mm(reference):
    sides = [math.dist(reference.points[at], reference.points[(at + 1) % 4]) / DOTS_PER_MM for at in range(4)]
    assert max(sides) - min(sides) < 0.2
    return sum(sides) / 4


def test_the_printed_markers_are_found_and_as_large_as_they_say(page):
    pixels = cv2.cvtColor(page, cv2.COLOR_BGR2BGRA)
    large = EdgeFinder().find(memoryview(pixels.tobytes()), pixels.shape[1], pixels.shape[0], ReferenceKind.MARKER)
    assert large.size_mm == (100.0, 100.0)
    assert side_mm(large) == pytest.approx(100.0, abs=0.2)

    small = find_marker(cv2.cvtColor(page[round(190 * DOTS_PER_MM):], cv2.COLOR_BGR2BGRA))
    assert small.size_mm == (40.0, 40.0)
    assert side_mm(small) == pytest.approx(40.0, abs=0.15)


def test_the_control_line_is_100_mm(page):
    gray = cv2.cvtColor(page, cv2.COLOR_BGR2GRAY)
    dark = gray < 128
    runs = [max((len(part) for part in "".join("#" if one else " " for one in row).split()), default=0) for row in dark]
    lines = [at for at, run in enumerate(runs) if 99 <= run / DOTS_PER_MM <= 101 and not dark[at - 12, gray.shape[1] // 3]]
    assert lines, "no dark line of 100 mm"


def test_it_has_one_page_and_is_the_same_each_time():
    for language in Language:
        pdf = marker_page(language)
        assert pdf.startswith(b"%PDF-1.7")
        assert b"/Type/Pages/Count 1/" in pdf
        marker_page.cache_clear()
        assert marker_page(language) == pdf


def test_the_sizes_differ_by_pattern():
    assert sorted(MARKER_MM.values()) == [40.0, 100.0]


def test_anybody_gets_it_from_the_service(tmp_path):
    from starlette.testclient import TestClient

    desk = make_desk(tmp_path)
    try:
        with TestClient(create_app(desk)) as visitor:
            answer = visitor.get("/api/v1/marker.pdf")
            assert answer.status_code == 404
            assert answer.json()["code"] == "marker.none"
            desk.marker_page = marker_page
            answer = visitor.get("/api/v1/marker.pdf?language=en")
            assert answer.status_code == 200
            assert answer.headers["content-type"] == "application/pdf"
            assert answer.content == marker_page(Language.EN)
            assert visitor.get("/api/v1/marker.pdf").content == marker_page(Language.NL)
            assert visitor.get("/api/v1/marker.pdf?language=xx").status_code == 422
    finally:
        close_desk(desk)
