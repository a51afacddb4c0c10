"""`verify`: from opening verify.html (from disk, network off) to the verdict on each of its 20 pictures, in Chromium.

`pictures_20`: 20 sealed pictures of 1280x720; the floor is the same browser opening a page that only decodes and shows the same pictures;
the peer is this package's own verifier in Python, in a running process.
"""

from __future__ import annotations

import base64
import io
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

PICTURES = 20
ROUNDS = 7


def _picture(seed: int) -> bytes:
    noise = np.random.default_rng(seed).normal(0, 2, (720, 1280, 3))
    out = io.BytesIO()
    Image.fromarray(np.clip(np.cumsum(noise, axis=1) + 128, 0, 255).astype(np.uint8)).save(out, "JPEG", quality=95)
    return out.getvalue()


def _shown(files: list[tuple[str, bytes]]) -> str:
    images = "".join(f'<img src="data:image/jpeg;base64,{base64.b64encode(data).decode()}">' for _, data in files)
    return f"""<!doctype html><body>{images}<script>
Promise.all([...document.images].map((one) => one.decode())).then(() => {{ document.body.dataset.state = 'done'; }});</script>"""


def _figure(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {"median": statistics.median(ordered), "p95": ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))], "n": len(ordered)}


def _opened(browser: Any, path: Path) -> float:
    """Seconds until everything is done, counted by the page itself from the start of its navigation."""
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.add_init_script("""new MutationObserver((_, watch) => {
      if (document.body?.dataset.state === 'done') { watch.disconnect(); window.doneAt = performance.now(); }
    }).observe(document, {subtree: true, childList: true, attributes: true, attributeFilter: ['data-state']})""")
    page.goto(path.as_uri())
    page.wait_for_selector("body[data-state=done]")
    taken = page.evaluate("window.doneAt") / 1000
    verdicts = page.evaluate("[...document.querySelectorAll('.card')].map((one) => one.dataset.verdict)")
    context.close()
    assert all(one == "genuine" for one in verdicts), verdicts
    return float(taken)


def run() -> dict[str, Any]:
    from playwright.sync_api import sync_playwright

    from tests.sealing.keys import capture_facts, desk_keys
    from tests.verify.browser import launched
    from videodesk.core.vocabulary import Language
    from videodesk.sealing.pins import pins_of
    from videodesk.sealing.verifier import Verifier
    from videodesk.sealing.verify_page import verify_page

    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        keys = desk_keys(folder)
        sealer = keys.sealer()
        files = [(f"data/originals/{n:02}.jpg", sealer.seal_capture(_picture(n), "image/jpeg", capture_facts())) for n in range(PICTURES)]
        page, bare = folder / "verify.html", folder / "bare.html"
        page.write_bytes(verify_page(Language.NL, keys.root_pem, files))
        bare.write_text(_shown(files), encoding="utf-8")
        verifier = Verifier(pins_of(keys.root_pem))
        browser = launched(playwright)
        ours, floor, peer = [], [], []
        for _ in range(ROUNDS):
            ours.append(_opened(browser, page))
            floor.append(_opened(browser, bare))
            began = time.perf_counter()
            assert all(verifier.check_picture(*one).verdict.is_good for one in files)
            peer.append(time.perf_counter() - began)
        browser.close()
        size = page.stat().st_size
    ratio = statistics.median(ours) / statistics.median(floor)
    return {"name": "verify", "figures": {
        "pictures_20": {
            "unit": "s", "ours": _figure(ours), "floor": _figure(floor), "peer": _figure(peer),
            "ratio": {"median": ratio, "p95": _figure(ours)["p95"] / _figure(floor)["p95"]}},
        "page_size": {"unit": "MB", "ours": {"median": size / 1e6, "p95": size / 1e6, "n": 1}},
    }}
