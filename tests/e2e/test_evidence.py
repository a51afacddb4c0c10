"""Evidence from a real call: sealed with the network cut, packaged, checked by an outsider; read and exported, and all of it in the log."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile

import pytest

from tests.e2e.conftest import start_call, until
from videodesk.core.ids import new_id
from videodesk.sealing.embedded import seal_kind, unsealed

pytestmark = [pytest.mark.chromium, pytest.mark.timeout(400)]


def videodesk(*arguments):
    return subprocess.run([sys.executable, "-m", "videodesk", *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False)


def snapshot_with(snapshots, original_id):
    """The one that has this original: the clicked frame and the sharpest one do not arrive together."""
    return next((one for one in snapshots if any(original["id"] == original_id for original in one["originals"])), None)


def verdict_of(*arguments):
    done = videodesk("verify", "--json", *arguments)
    answer = json.loads(done.stdout)
    assert (done.returncode == 0) is (answer["verdict"] in {"genuine", "genuine-rendition"})
    return answer["verdict"]


def test_a_frame_is_sealed_while_the_service_is_away(programs, customer, tmp_path):
    service = programs.serve(("anna", "agent", "administrator"))
    anna = programs.person(service.url, "anna")
    running = start_call(programs.signed_in("anna", service), anna, customer)
    root = tmp_path / "root.pem"
    root.write_text(anna.get("/seal/root")["root_pem"], encoding="ascii")
    service.kill()
    running.agent.click("call.snapshot")
    folder = programs.folder / "anna"
    kept = until(lambda: [path for path in folder.rglob("outbox/**/*.jpg") if "poster" not in path.name], "the original to be kept here")
    data = kept[0].read_bytes()
    assert seal_kind(data) == "capture"
    assert verdict_of(kept[0], "--root", root) == "genuine"
    bare = tmp_path / "bare.jpg"
    bare.write_bytes(unsealed(data))
    assert verdict_of(bare, "--root", root) == "no-seal"
    service.start()
    shot = until(lambda: snapshot_with(anna.snapshots(running.case), kept[0].stem), "the original of the outage to be in the case", within_s=90)
    assert anna.original_of(shot, kept[0].stem) == data


def test_a_package_leaves_the_desk_and_holds(running, tmp_path):
    shot = running.snapshot()
    until(lambda: running.anna.snapshots(running.case)[0]["still"] == "arrived", "the still", within_s=90)
    integrity = running.anna.get(f"/snapshots/{shot['id']}/integrity")
    assert integrity["log_is_intact"]
    assert {one["verdict"] for one in integrity["originals"]} == {"genuine"}
    package_id = new_id()
    running.anna.post(f"/cases/{running.case['id']}/packages", {"id": package_id, "language": "nl"})
    view = until(lambda: (found := running.anna.get(f"/packages/{package_id}"))["state"] == "ready" and found, "the package", within_s=90)
    path, root = tmp_path / view["file_name"], tmp_path / "root.pem"
    path.write_bytes(running.anna.http.get(f"/packages/{package_id}/file").raise_for_status().content)
    root.write_text(running.anna.get("/seal/root")["root_pem"], encoding="ascii")
    assert verdict_of(path, "--root", root) == "genuine"
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as bag:
        names = [name.partition("/")[2] for name in bag.namelist()]
    assert {"verify.html", "HOW-TO-VERIFY.txt", "package.json", "data/report.pdf", "data/custody/log.json", "data/consent/consent.json"} <= set(names)
    log = [entry["action"] for entry in running.anna.get(f"/cases/{running.case['id']}/custody")["items"]]
    assert log[:2] == ["captured", "stored"]
    assert "exported" in log
