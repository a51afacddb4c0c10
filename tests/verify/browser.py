"""verify.html in a real Chromium, from disk, with the network off, and what it says as plain values."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 390, "height": 844}
WIDE = {"width": 1280, "height": 800}
AXE = Path(__file__).parents[2] / ".tools" / "node" / "node_modules" / "axe-core" / "axe.min.js"
RUN_AXE = """async () => {
  const found = await axe.run(document, {resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']});
  return found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ') + ' ' + (node.any[0]?.message ?? '')).join(' | ')}`);
}"""
OVERFLOW = """() => [...document.querySelectorAll('main *')].filter((one) => {
  const box = one.getBoundingClientRect();
  return box.width > 1 && (box.right > innerWidth + 1 || box.left < -1);
}).map((one) => one.className || one.tagName)"""

TOLD = """() => ({
  verdict: document.querySelector('#verdict [data-verdict]')?.dataset.verdict ?? '',
  heading: document.querySelector('#verdict h1').innerText,
  items: [...document.querySelectorAll('#cards [data-file]')].map((one) => ({
    file: one.dataset.file, verdict: one.dataset.verdict, reasons: one.dataset.reasons.split(' ').filter(Boolean),
  })),
})"""
DROP = """(files) => {
  const carried = new DataTransfer();
  for (const [name, data] of files) {
    carried.items.add(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], name));
  }
  document.dispatchEvent(new DragEvent('drop', { dataTransfer: carried, bubbles: true, cancelable: true }));
}"""


def axe_source():
    """axe-core, which packaging/page/check installs."""
    if not AXE.is_file():
        reason = "axe-core is not installed: run packaging/page/check once"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return AXE.read_text(encoding="utf-8")


def shot(page, name, **options):
    """A picture for a person to look at, where VIDEODESK_SHOTS names a folder."""
    if folder := os.environ.get("VIDEODESK_SHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{folder}/{name}.png", **options)


def launched(playwright):
    return playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)


class Opened:
    """One page opened from disk, offline. Everything it asked for and complained about is kept."""

    def __init__(self, browser, path: Path, size: dict[str, int] | None = None, **context: Any) -> None:
        self.context = browser.new_context(viewport=size or WIDE, offline=True, **context)
        self.page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        devtools = self.context.new_cdp_session(self.page)
        devtools.send("Network.enable")
        devtools.send("Network.emulateNetworkConditions", {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0})
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda one: self.requests.append(one.url))
        self.page.on("pageerror", lambda one: self.complaints.append(f"{one.message}\n{one.stack}"))
        self.page.on("console", lambda one: self.complaints.append(one.text) if one.type in {"error", "warning"} else None)
        self.page.goto(path.as_uri())
        self.settled()

    def turn(self) -> int:
        """How many checks were begun."""
        return int(self.page.evaluate("document.body.dataset.turn"))

    def settled(self, after: int = -1) -> None:
        """Until a check begun after this one is done."""
        self.page.wait_for_selector("body[data-state=done]" + "".join(f":not([data-turn='{one}'])" for one in range(after + 1)))

    def told(self) -> dict[str, Any]:
        return self.page.evaluate(TOLD)

    def drop(self, *files: tuple[str, bytes]) -> dict[str, Any]:
        """Drop these files on the page; what it says of them."""
        before = self.turn()
        self.page.evaluate(DROP, [[name, base64.b64encode(data).decode()] for name, data in files])
        self.settled(before)
        return self.told()

    def choose(self, *files: tuple[str, bytes]) -> dict[str, Any]:
        """The same by the chooser."""
        before = self.turn()
        self.page.set_input_files("#choose", [{"name": name, "mimeType": "", "buffer": data} for name, data in files])
        self.settled(before)
        return self.told()

    def strangers(self) -> list[str]:
        """What it asked for outside itself: nothing may be."""
        return [url for url in self.requests[1:] if not url.startswith("blob:")]
