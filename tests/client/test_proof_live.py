"""Proof, packages and copies asked of a real service over a real socket."""

from __future__ import annotations

import asyncio
import hashlib
import zipfile

import pytest

from tests.service.conftest import PASSWORD, LiveService
from tests.service.packing import can_pack
from tests.service.pictures import picture
from videodesk.calls.model import Call
from videodesk.client.http import HttpDeskApi, open_client
from videodesk.core.errors import Conflict, Gone, NotAllowed, NotFound
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import CallState, Disposition, Language, PackageState, SealKind, SealVerdict, SnapshotMethod
from videodesk.protocol import resources as r

DEVICE = "a-device-of-22-characters"


@pytest.fixture
def service(tmp_path):
    made = LiveService(tmp_path)
    made.desk.keys = can_pack(made.desk, tmp_path)
    yield made
    made.close()


@pytest.fixture
async def api(service):
    made = HttpDeskApi(open_client(service.url))
    await made.sign_in(r.SignInIn(name="anna", password="correct-horse-1"))
    yield made
    await made.close()


@pytest.fixture
async def supervisor(service):
    made = HttpDeskApi(open_client(service.url))
    yield made
    await made.close()


async def a_case_with_a_picture(service, api):
    case = await api.add_case(r.CaseIn(kind="parcel", parties=[r.Party(role="customer", name="Mevrouw De Vries")]))
    invited = await api.invite(case.id, r.InvitationIn())
    guest = open_client(service.url)
    joined = (await guest.post("/api/v1/join/exchange", json={"token": invited.join_link.partition("#")[2], "device": DEVICE})).json()
    headers = {"Authorization": f"Bearer {joined['token']}"}
    await guest.post("/api/v1/join/consent", headers=headers, json={
        "text_version": joined["consent_text"]["version"], "language": "nl", "granted": ["stills", "video"]})
    await guest.aclose()
    now, call_id = service.desk.clock.now(), new_id()
    me = await api.me()
    with service.desk.store.write() as uow:
        uow.calls.add(Call(id=call_id, case_id=case.id, invitation_id=joined["invitation_id"], state=CallState.CONNECTED, waiting_since=now,
                           accepted_at=now, agent_id=me.id, agent_name="Anna"))
    data = picture(64, 48)
    meta = r.SnapshotMeta(case_id=case.id, call_id=call_id, method=SnapshotMethod.FRAME, digest=hashlib.sha256(data).hexdigest(),
                          media_type="image/jpeg", width_px=64, height_px=48, captured_at=service.desk.clock.now())
    shot = await api.put_snapshot(new_id(), meta, data)
    await api.end_call(call_id)
    await api.wrap_up(call_id, r.WrapUpIn(disposition=Disposition.EVIDENCE_COMPLETE))
    return case, shot


async def test_a_package_from_asking_to_the_file(service, api, tmp_path):
    case, shot = await a_case_with_a_picture(service, api)
    view = await api.build_package(case.id, r.PackageIn(id=new_id(), language=Language.NL))
    for _ in range(200):
        if view.state is not PackageState.BUILDING:
            break
        await asyncio.sleep(0.05)
        view = await api.package(view.id)
    assert view.state is PackageState.READY, view
    heard: list[tuple[int, int]] = []
    await api.save_package(view, tmp_path / view.file_name, lambda got, of: heard.append((got, of)))
    assert heard[-1] == (view.size_bytes, view.size_bytes)
    with zipfile.ZipFile(tmp_path / view.file_name) as made:
        assert shot.digest in {hashlib.sha256(made.read(name)).hexdigest() for name in made.namelist()}


async def test_what_is_proven_of_a_picture_without_a_seal(service, api):
    _, shot = await a_case_with_a_picture(service, api)
    answer = await api.integrity(shot.id)
    (one,) = answer.originals
    assert (one.original_id, one.digest, one.seal) == (shot.id, shot.digest, SealKind.NONE)
    assert not one.verdict.is_good
    assert one.verdict is not SealVerdict.ALTERED
    assert one.log_index is not None
    assert answer.log_is_intact


async def test_the_copy_of_a_call_is_listed_made_again_and_revoked(service, api):
    case, _ = await a_case_with_a_picture(service, api)
    (first,) = await api.copies(case.id)
    assert first.pictures == 1
    made = await api.make_copy(case.id, r.CopyIn(id=new_id()))
    assert made.link != first.link
    assert made.texts[Language.EN].subject
    gone = await api.revoke_copy(case.id, made.id)
    assert gone.revoked_at is not None
    other = await api.add_case(r.CaseIn(kind="free"))
    with pytest.raises(Conflict, match=r"copy\.no_call"):
        await api.make_copy(other.id, r.CopyIn(id=new_id()))


async def test_the_root_that_outsiders_pin(service, api):
    assert (await api.seal_root()).fingerprint == service.desk.keys.root_fingerprint


async def test_a_hold_stops_erasure_and_an_erasure_leaves_a_certificate(service, api, supervisor):
    case, shot = await a_case_with_a_picture(service, api)
    assert (await api.retention(case.id)).days > 0
    with pytest.raises(NotAllowed, match=r"permission\.denied"):
        await api.hold(case.id, r.HoldIn(reason="court"))
    await supervisor.sign_in(r.SignInIn(name="saskia", password=PASSWORD))
    assert (await supervisor.hold(case.id, r.HoldIn(reason="court"))).is_held
    body = r.ErasureIn(case_number=case.number, reason="the customer asked")
    with pytest.raises(Conflict, match=r"case\.held"):
        await supervisor.erase(case.id, body)
    assert not (await supervisor.release(case.id)).is_held
    made = await supervisor.erase(case.id, body)
    assert made.case_number == case.number
    assert (await supervisor.erasure(made.id)).log_index == made.log_index
    assert (await supervisor.retention(case.id)).erased_at is not None
    with pytest.raises((NotFound, Gone)):
        await supervisor.original_of(shot.id, shot.id)
