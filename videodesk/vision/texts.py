"""Printed text on pictures (OCR): rapidocr in a process of its own. The optional extra `[ocr]`; its models are in its wheel, nothing is fetched."""

from __future__ import annotations

import importlib.util

from videodesk.calls.capture_ports import FoundText
from videodesk.core.errors import UnsupportedMedia, WorldError
from videodesk.vision.meanings import clean, is_serial_like, labelled_serial
from videodesk.vision.reading_process import ProcessLost, ReadingProcess, picture_job


def is_installed() -> bool:
    """Whether the extra is there; imports nothing of it."""
    return all(importlib.util.find_spec(name) is not None for name in ("rapidocr", "onnxruntime"))


class RapidOcrReader:
    """A TextReader. Any thread, one picture at a time; its process starts with the first (1-3 s) and ends when idle."""

    def __init__(self, process: ReadingProcess) -> None:
        self._process = process

    def read(self, data: bytes) -> list[FoundText]:
        job = {"op": "texts", **picture_job(data)}
        try:
            answer, _ = self._process.ask(job, data)
        except ProcessLost as problem:
            raise WorldError("ocr.failed") from problem
        if answer["problem"] is not None:
            raise UnsupportedMedia(answer["problem"])
        found = []
        for line in answer["lines"]:
            text = clean(line["text"])
            if text:
                serial_like = labelled_serial(text) is not None or is_serial_like(text)
                found.append(FoundText(text, min(1.0, max(0.0, line["confidence"])), serial_like, tuple((int(x), int(y)) for x, y in line["corners"])))
        return found

    def close(self) -> None:
        self._process.close()
