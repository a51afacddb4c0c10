"""`videodesk demo`: the whole job, played by real programs.

A real desk service (inside the agent's desktop app), two real desktop apps in processes of their own (offscreen where there is
no display) and a real Chromium as the customer, whose camera shows a drawn damaged parcel with a moving frame number.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import traceback
from pathlib import Path

from videodesk.core.clock import SystemClock
from videodesk.core.vocabulary import Language
from videodesk.demo.steps import StepFailed, Steps
from videodesk.settings import Settings


def run(settings: Settings, out: Path, *, keep_open: bool = False) -> int:
    """Play the whole job; 0 when every step worked. `out` holds case.json, originals, renditions and screens afterwards."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        print("videodesk: the demo needs the package playwright: pip install 'videodesk[demo]', or use packaging/run demo.", file=sys.stderr)  # noqa: T201
        return 1
    from videodesk.demo.customer import Customer
    from videodesk.demo.play import Play
    from videodesk.media.synthetic import write_camera_file

    clock = SystemClock()
    steps = Steps(clock)
    begun = clock.monotonic()
    for old in ("screens", "originals", "renditions"):
        shutil.rmtree(out / old, ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)
    print(f"videodesk demo: a whole call; what comes out of it goes to {out}")  # noqa: T201
    with tempfile.TemporaryDirectory(prefix="vd-demo-") as folder, sync_playwright() as playwright:
        work = Path(folder)
        customer: Customer | None = None
        play: Play | None = None
        try:
            with steps.step("the customer's phone: a camera that sees a damaged parcel"):
                write_camera_file(work / "camera.mjpeg", width_px=1920, height_px=1080, frames=240, is_shaking=True)
                customer = Customer(playwright, work / "camera.mjpeg")
            play = Play(out, work, steps, customer, language=(settings.language or Language.EN).value,
                        theme="light" if settings.theme == "system" else settings.theme)
            _play(play, customer)
            print(f"done in {clock.monotonic() - begun:.0f} s: {out / 'case.json'}, originals/, renditions/, screens/, and the package: videodesk verify {out}/*.zip --root {out}/desk-root.pem")  # noqa: T201
            if keep_open:
                _wait(play)
        except StepFailed as failed:
            traceback.print_exception(failed.__cause__)
            print(f"videodesk demo failed at: {failed.step}", file=sys.stderr)  # noqa: T201
            for log in sorted(work.glob("*.log")):
                shutil.copy(log, out / log.name)
            if play is not None:
                play.keep_failure()
            return 1
        finally:
            if customer is not None:
                customer.close()
            if play is not None:
                play.close()
    return 0


def _play(play: object, customer: object) -> None:
    from videodesk.demo.customer import Customer
    from videodesk.demo.play import Play

    if not isinstance(play, Play) or not isinstance(customer, Customer):
        raise TypeError
    step = play.steps.step
    with step("the agent's desktop opens, with a desk service of its own"):
        play.open_desk()
        play.hire_supervisor()
    with step("a new case: a damaged parcel"):
        play.open_case()
        play.find_case()
    with step("an invitation: link, QR, spoken code"):
        play.invite()
    with step("the customer follows the link, consents, checks the camera, waits"):
        customer.join(play.link, lambda name: play.screen(customer, name))
    with step("the agent accepts: picture and sound both ways"):
        play.accept()
        play.screen(customer, "call")
    with step("a snapshot of the damage, kept and in the case"):
        play.choose_item()
        play.snapshot("snapshot")
        play.screen(customer, "picture-taken")
    with step("annotated: an arrow, and the address redacted"):
        play.annotate()
    with step("the supervisor signs in and asks for a retake"):
        play.supervisor_arrives()
        play.request_retake()
    with step("the retake, in the same call"):
        play.retake()
    with step("the supervisor accepts it"):
        play.accept_retake()
    _work_in_the_call(play)
    with step("hang up, wrap-up, thank you"):
        play.hang_up()
        play.screen(customer, "thank-you")
    with step("every other screen"):
        play.look_around()
    with step("before and after the retake, compared"):
        play.compare()
    _prove(play)


def _work_in_the_call(play: object) -> None:
    from videodesk.demo import capture, drawing
    from videodesk.demo.play import Play

    if not isinstance(play, Play):
        raise TypeError
    step = play.steps.step
    with step("drawing on the live picture; the customer sees it, and draws back on a frozen one"):
        drawing.live(play)
    with step("the moment has passed: four seconds back, and a snapshot of then"):
        capture.rewind(play)
    with step("a shaking hand: the sharpest frame, swapped with the others"):
        capture.sharpest(play)
    with step("the phone's own photo, over a slow line"):
        capture.still(play)
    with step("the last seconds as a clip, and a recording"):
        capture.clips(play)
    with step("the sticker's bar code into the case"):
        capture.label(play)


def _prove(play: object) -> None:
    from videodesk.demo import capture, proof
    from videodesk.demo.play import Play

    if not isinstance(play, Play):
        raise TypeError
    step = play.steps.step
    with step("the case record, with originals and renditions"):
        play.keep_record()
        play.check_record(capture.checks)
    with step("what it proves: sealed, logged, on the screen"):
        proof.panel(play)
    with step("the evidence package, checked by an outsider without a network"):
        package = proof.package(play)
        proof.check(play, package)
        proof.look(play, package)


def _wait(play: object) -> None:
    from videodesk.demo.play import Play

    if isinstance(play, Play):
        print(f"Still running at {play.url}; Ctrl+C ends it.")  # noqa: T201
        try:
            while play.agent is not None and play.agent.process.poll() is None:
                play.customer.page.wait_for_timeout(500)
        except KeyboardInterrupt:
            return
