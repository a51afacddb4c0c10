"""Asking where the marks go as a Web Annotation file, and which file's marks come here."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from videodesk.annotation.document import Document
from videodesk.desktop.annotating import AnnotateState
from videodesk.desktop.context import Navigation
from videodesk.desktop.i18n import error_text, t
from videodesk.desktop.marking.exchanging import MAX_FILE_BYTES, read_page
from videodesk.desktop.presenters.annotate import AnnotatePresenter
from videodesk.desktop.views.saving import ask_where

SUFFIX = ".jsonld"


class MarksExchange:
    """The two entries of the menu. Dialogs lie over `parent` and are not waited for; what came of it is told by `navigation`."""

    def __init__(self, presenter: AnnotatePresenter, navigation: Navigation, parent: QWidget) -> None:
        self._presenter, self._navigation, self._parent = presenter, navigation, parent

    def ask_where_to(self) -> None:
        """Ask for a file and write the marks there."""
        snapshot = self._presenter.state.snapshot
        if snapshot is not None:
            ask_where(self._parent, f"{snapshot.case_number}-{snapshot.id[-6:]}{SUFFIX}", self.write)

    def write(self, path: Path) -> None:
        """Write the marks to `path`."""
        data = self._presenter.web_page()

        def done(is_written: bool) -> None:
            self._navigation.notify("annotate.web_saved" if is_written else "annotate.web_not_saved", name=path.name)

        self._presenter.tasks.run("annotate.export", lambda: asyncio.to_thread(_write, path, data), done)

    def ask_which(self) -> None:
        """Ask for a file and take its marks over."""
        if self._presenter.state.picture is None:
            return
        dialog = QFileDialog(self._parent, t("annotate.web_title"))
        dialog.setObjectName("open_web")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([f"Web Annotation (*{SUFFIX} *.json)", "* (*)"])
        dialog.fileSelected.connect(lambda path: self.read(Path(path)))
        dialog.finished.connect(lambda _result: dialog.deleteLater())
        dialog.open()

    def read(self, path: Path) -> None:
        """Take the marks of the file at `path` over."""
        state = self._presenter.state
        self._presenter.tasks.run("annotate.import", lambda: asyncio.to_thread(_read, path, state), partial(self._take, state),
                                  lambda problem: self._navigation.notify("annotate.web_not_read", why=error_text(problem)))

    def _take(self, asked: AnnotateState, found: Document) -> None:
        if self._presenter.state.picture is not asked.picture:
            return  # another picture was opened meanwhile
        count = self._presenter.take_page(found)
        if count:
            self._navigation.notify("annotate.web_added", n=count)
        elif not found.marks:
            self._navigation.notify("annotate.web_none")


def _write(path: Path, data: bytes) -> bool:
    try:
        path.write_bytes(data)
    except OSError:
        return False
    return True


def _read(path: Path, state: AnnotateState) -> Document:
    try:
        with path.open("rb") as opened:
            data = opened.read(MAX_FILE_BYTES + 1)
    except OSError:
        data = b""
    return read_page(data, state)
