"""Frames, posters and renditions are sealed before they are kept; nothing is lost for a seal."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tests.desktop.fake_media import FakeStills, product
from tests.desktop.fakes import FakeDeskApi
from tests.sealing.keys import capture_facts, desk_keys
from tests.sealing.reading import assertion, manifest_of, state_of
from videodesk.annotation.document import Document
from videodesk.calls.capture_ports import ClipFacts
from videodesk.client.disk import digest_of
from videodesk.client.outbox import Outbox
from videodesk.core.clock import HandClock
from videodesk.core.errors import WorldError
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import SealKind
from videodesk.desktop.drawing.filing import Filing
from videodesk.desktop.recording import ClipFiler, ClipNote
from videodesk.desktop.snapshots import Shot, SnapshotTaker
from videodesk.evidence.seal_ports import NoSealer, RenditionFacts
from videodesk.sealing.embedded import seal_kind, unsealed

CONSENT = "c" * 64


class Broken(NoSealer):
    """A key that is away."""

    is_ready = True

    def seal_capture(self, picture, media_type, facts):
        raise WorldError("seal.failed")

    def seal_rendition(self, picture, media_type, parent, parent_media_type, facts):
        raise WorldError("seal.failed")


@pytest.fixture
def outbox(tmp_path):
    made = Outbox(tmp_path / "outbox", HandClock())
    yield made
    made.close()


@pytest.fixture
def keys(tmp_path):
    return desk_keys(tmp_path)


def shot(stills):
    return Shot(new_id(), new_id(), new_id(), new_id(), None, stills.freeze(), stills, consent_digest=CONSENT)


def stills_of_product():
    stills = FakeStills()
    stills.bgr, stills.seq = product(1280, 720), 7
    return stills


def test_a_frame_is_sealed_before_it_is_kept(outbox, keys):
    stills = stills_of_product()
    one = shot(stills)
    entry = SnapshotTaker(outbox, sealer=keys.sealer()).keep_now(one)
    kept = entry.path.read_bytes()
    assert (seal_kind(kept), entry.meta.digest, state_of(kept, keys.root_pem)) == (SealKind.CAPTURE, digest_of(entry.path), "Trusted")
    assert unsealed(kept) == stills.encode(one.frame).data
    said = assertion(manifest_of(kept, keys.root_pem), "nl.videodesk.capture")
    assert {key: said[key] for key in ("original_id", "snapshot_id", "case_id", "call_id", "method", "frame_seq", "rtp_time", "codec", "consent_digest")} == {
        "original_id": one.snapshot_id, "snapshot_id": one.snapshot_id, "case_id": one.case_id, "call_id": one.call_id, "method": "frame",
        "frame_seq": 7, "rtp_time": 21000, "codec": "H264", "consent_digest": CONSENT}


@pytest.mark.parametrize("sealer", [Broken(), NoSealer(), None])
def test_without_a_key_the_picture_is_kept_as_it_is(outbox, sealer):
    stills = stills_of_product()
    one = shot(stills)
    entry = SnapshotTaker(outbox, sealer=sealer).keep_now(one)
    assert entry.path.read_bytes() == stills.encode(one.frame).data


def clip(folder):
    path = folder / "clip.webm"
    path.write_bytes(b"\x1aE\xdf\xa3" + bytes(1000))
    poster = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(poster, "JPEG")
    return ClipFacts(path, "video/webm", 64, 48, 2.0, HandClock().now(), "VP8", True, poster.getvalue())


def test_a_clips_poster_vouches_for_the_clip_whose_file_nobody_touches(outbox, keys, tmp_path):
    facts = clip(tmp_path)
    before = facts.path.read_bytes()
    note = ClipNote(new_id(), new_id(), new_id(), new_id(), consent_digest=CONSENT)
    entry = ClipFiler(tmp_path / "clips", outbox, lambda _folder: [], keys.sealer()).file(note, facts)
    assert entry.path.read_bytes() == before
    poster = entry.poster.read_bytes()
    said = assertion(manifest_of(poster, keys.root_pem), "nl.videodesk.capture")
    assert (said["content_digest"], said["content_media_type"], said["method"], said["consent_digest"]) == (entry.meta.digest, "video/webm", "clip", CONSENT)
    assert unsealed(poster) == facts.poster


def drawn(_picture, _document):
    made = io.BytesIO()
    Image.fromarray(np.zeros((48, 64, 3), np.uint8)).save(made, "PNG")
    return made.getvalue()


async def test_a_rendition_is_sealed_with_its_original_once_however_often_it_is_sent(keys):
    original = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(original, "JPEG")
    parent = keys.sealer().seal_capture(original.getvalue(), "image/jpeg", capture_facts())
    asked = []

    def seal(picture, rendition_id, revision, document):
        asked.append(rendition_id)
        facts = RenditionFacts(rendition_id, new_id(), new_id(), revision, document.has_redaction, ("arrow", "redaction"), HandClock().now())
        return keys.sealer().seal_rendition(picture, "image/png", parent, "image/jpeg", facts)

    sent = []

    class Api(FakeDeskApi):
        async def put_rendition(self, snapshot_id, rendition_id, meta, picture):
            sent.append(picture)
            if len(sent) == 1:
                raise WorldError("service.unreachable")

    document = Document(64, 48)
    filing = Filing(new_id(), new_id(), 0, document, new_id(), revision=1, seal=seal)
    await filing.file(Api(), None, drawn, retry_after_s=(0.0,))
    assert len(asked) == 1
    assert sent[0] == sent[1], "the same bytes: their digest may be known already"
    assert (seal_kind(sent[1]), state_of(sent[1], keys.root_pem), unsealed(sent[1])) == (SealKind.RENDITION, "Trusted", drawn(None, None))


async def test_a_rendition_without_a_key_is_filed_all_the_same():
    sent = []

    class Api(FakeDeskApi):
        async def put_rendition(self, snapshot_id, rendition_id, meta, picture):
            sent.append(picture)

    def seal(picture, rendition_id, revision, document):
        raise WorldError("seal.failed")

    await Filing(new_id(), new_id(), 0, Document(64, 48), new_id(), revision=1, seal=seal).file(Api(), None, drawn)
    assert sent == [drawn(None, None)]
