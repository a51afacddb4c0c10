"""The drawn camera's number can be read back from whatever a call does to the picture."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videodesk.media.synthetic import DrawnCamera, read_frame_number, write_camera_file

CAMERA = DrawnCamera(1280, 720)


@settings(max_examples=25, deadline=None)
@given(number=st.integers(0, 2**20 - 1), width=st.sampled_from([320, 640, 960, 1280, 1500]), turns=st.integers(0, 3),
       mirrored=st.booleans(), quality=st.sampled_from([30, 60, 95]))
def test_the_number_survives_scaling_turning_and_compression(number: int, width: int, turns: int, mirrored: bool, quality: int) -> None:
    image = cv2.resize(CAMERA.draw(number), (width, width * 9 // 16), interpolation=cv2.INTER_LINEAR)
    image = np.rot90(image, turns)
    image = np.ascontiguousarray(image[:, ::-1] if mirrored else image)
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert read_frame_number(cv2.imdecode(data, cv2.IMREAD_COLOR)) == number


@pytest.mark.parametrize("image", [np.zeros((90, 160, 3), np.uint8), np.full((90, 160), 255, np.uint8), np.zeros((3, 3), np.uint8)])
def test_a_picture_without_a_number_has_none(image: np.ndarray) -> None:
    assert read_frame_number(image) is None


def test_noise_is_no_number() -> None:
    rng = np.random.default_rng(1)
    assert [n for _ in range(200) if (n := read_frame_number(rng.integers(0, 256, (90, 160), dtype=np.uint8))) is not None] == []


def test_the_camera_file_holds_the_frames_in_order(tmp_path) -> None:
    path = write_camera_file(tmp_path / "camera.mjpeg", width_px=640, height_px=360, frames=5)
    pictures = path.read_bytes().split(b"\xff\xd8\xff")[1:]
    images = [cv2.imdecode(np.frombuffer(b"\xff\xd8\xff" + data, np.uint8), cv2.IMREAD_COLOR) for data in pictures]
    assert [read_frame_number(image) for image in images] == [0, 1, 2, 3, 4]
