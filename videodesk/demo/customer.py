"""The customer: a real Chromium on the join page, its camera a file that shows a damaged parcel and a moving frame number."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from videodesk.core.errors import WorldError

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Playwright

_FLAGS: Final = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
_WAIT_MS: Final = 60_000


def chromium_path() -> str:
    """Where Chromium is; WorldError("demo.no_chromium") where it is not."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        raise WorldError("demo.no_chromium")
    return found


class Customer:
    """One customer on a phone of 390 × 844 points."""

    def __init__(self, playwright: Playwright, camera: Path | None, language: str = "nl", width_px: int = 390, height_px: int = 844,
                 more_flags: Sequence[str] = ()) -> None:
        self._profile = tempfile.TemporaryDirectory(prefix="videodesk-customer-", ignore_cleanup_errors=True)
        flags = [*_FLAGS, *more_flags, *([f"--use-file-for-fake-video-capture={camera}"] if camera else [])]
        self.context: BrowserContext = playwright.chromium.launch_persistent_context(
            self._profile.name, executable_path=chromium_path(), headless=False, args=flags, locale=f"{language}-NL",
            viewport={"width": width_px, "height": height_px}, ignore_default_args=["--headless"])
        self.page: Page = self.context.pages[0]
        self.errors: list[str] = []
        self.page.on("pageerror", lambda problem: self.errors.append(str(problem)))

    def open(self, link: str) -> None:
        """Follow the link."""
        self.page.goto(link)

    def press(self, name: str, within_ms: float = _WAIT_MS) -> None:
        """Press the button of this name."""
        self.page.click(f"[data-name={name}]", timeout=within_ms)

    def see(self, name: str, within_ms: float = _WAIT_MS) -> None:
        """Wait until the button of this name is there."""
        self.page.wait_for_selector(f"[data-name={name}]", timeout=within_ms)

    def join(self, link: str, shot: Callable[[str], None] = lambda _name: None) -> None:
        """From the link to the waiting room, agreeing to everything; `shot` is called on every screen."""
        self.open(link)
        self.see("start")
        shot("welcome")
        self.press("start")
        self.see("consent-all")
        shot("consent")
        self.press("consent-all")
        # A browser that was allowed before shows the picture at once.
        self.page.wait_for_selector("[data-name=turn-on], [data-name=ready]", timeout=_WAIT_MS)
        if self.page.query_selector("[data-name=turn-on]"):
            shot("camera-explained")
            self.press("turn-on")
        self.page.wait_for_selector("[data-name=ready]:not([disabled])", timeout=_WAIT_MS)
        shot("camera-check")
        self.press("ready")
        self.see("leave")
        shot("waiting")

    def shot(self, file: Path) -> None:
        """Keep a picture of the page."""
        file.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(file))

    def close(self) -> None:
        """Leave."""
        self.context.close()
        self._profile.cleanup()
