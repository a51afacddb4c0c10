"""One QApplication for all desktop tests, offscreen, in English and light."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from tests.desktop.fakes import FakeDeskApi
from videodesk.core.vocabulary import Language
from videodesk.desktop import i18n, theme


@pytest.fixture(scope="session")
def qapp() -> Iterator[QApplication]:
    app = QApplication.instance() or QApplication(["videodesk"])
    assert isinstance(app, QApplication)
    theme.apply_theme(app, "light")
    yield app
    # Offscreen, Qt keeps the clipboard's content in a static that outlives Python: what Python made would be freed too late.
    app.clipboard().clear()


@pytest.fixture(autouse=True)
def _plain(qapp: QApplication) -> Iterator[None]:
    i18n.set_language(Language.EN)
    yield
    for top in qapp.topLevelWidgets():
        top.close()
        top.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    i18n.set_language(Language.EN)
    if theme.theme() != "light":
        theme.apply_theme(qapp, "light")


@pytest.fixture
def api() -> FakeDeskApi:
    return FakeDeskApi()
