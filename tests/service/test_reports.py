"""The report of a case: signed, whole, in both languages; its texts are data, and its pictures never what was redacted."""

from __future__ import annotations

import hashlib
import io
import random
import re
import shutil
import subprocess
from dataclasses import replace

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from tests.sealing.authority import certificate, root, running
from tests.sealing.pdf_parts import pictures_in, shows, streams
from tests.service.evidence_desk import assert_problem
from tests.service.pictures import noisy_picture
from tests.service.report_desk import HIDDEN, ReportDesk, furnished, jpeg, parcel
from tests.service.test_clips import put_clip
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import Language
from videodesk.evidence.report import ranges
from videodesk.sealing.certificates import chain_of
from videodesk.sealing.timestamp import HttpTimestampAuthority
from videodesk.service.stamping import Stamping


@pytest.fixture
def desk(tmp_path):
    made = ReportDesk(tmp_path)
    yield made
    made.close()


def small(number=1, *, label=False, covered=False):
    return jpeg(parcel(number, (320, 180), label=label, covered=covered))


def text_of(pdf):
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext here (poppler-utils)")
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode()


def squeezed(text):
    return re.sub(r"\s+", "", text)


def signature_of(pdf, keys, moment):
    from asn1crypto import x509
    from cryptography.hazmat.primitives.serialization import Encoding
    roots = [x509.Certificate.load(one.public_bytes(Encoding.DER)) for one in (*chain_of(keys.root_pem), root())]
    reader = PdfFileReader(io.BytesIO(pdf))
    assert len(reader.embedded_signatures) == 1
    context = ValidationContext(trust_roots=roots, moment=moment, allow_fetching=False)
    return validate_pdf_signature(reader.embedded_signatures[0], signer_validation_context=context, ts_validation_context=context, skip_diff=True)


# signed
def test_the_report_is_signed_by_the_desk_and_covers_the_whole_file(desk):
    desk.capture(small())
    pdf = desk.report()
    status = signature_of(pdf, desk.keys, desk.clock.now())
    assert (status.intact, status.valid, status.trusted) == (True, True, True), status.summary()
    assert status.coverage.name == "ENTIRE_FILE"
    assert status.timestamp_validity is None
    (checked,) = check(desk, pdf)
    assert checked.verdict.value == "genuine", checked.reasons


def check(desk, pdf):
    path = desk.folder / "report.pdf"
    path.write_bytes(pdf)
    return desk.desk.verifier.check_path(path)


def test_a_changed_byte_is_noticed(desk):
    """Any byte but those of the signature's own envelope, which no signature can cover: of them the certificates that came along need not be ours."""
    desk.capture(small())
    pdf = desk.report()
    begins = pdf.rindex(b"/Contents <") + len(b"/Contents <")
    ends = pdf.index(b">", begins)
    assert ends - begins < 8192, "what no signature covers is no larger than it must be"
    for place in random.Random(4).sample(range(len(pdf)), 200):
        changed = bytes([*pdf[:place], pdf[place] ^ 1, *pdf[place + 1:]])
        assert check(desk, changed)[0].verdict.value != "genuine" or begins <= place < ends, place


def test_a_damaged_signature_is_a_verdict_and_never_a_crash(desk):
    desk.capture(small())
    pdf = desk.report()
    begins = pdf.rindex(b"/Contents <") + len(b"/Contents <")
    seen = set()
    for place in range(begins, pdf.index(b">", begins), 9):
        (found,) = check(desk, bytes([*pdf[:place], pdf[place] ^ 1, *pdf[place + 1:]]))
        seen.add(found.verdict.value)
    assert "altered" in seen


def test_its_signature_gets_a_time_stamp_when_the_authority_is_quick_and_does_without_when_it_fails(desk):
    desk.capture(small())
    with running() as authority:
        authority.at = desk.clock.now()
        desk.desk.authorities = (HttpTimestampAuthority(authority.url, [root()]),)
        assert signature_of(desk.report(), desk.keys, desk.clock.now()).timestamp_validity is None, "nothing is known of the authority yet"
        stamping = desk.app.state.stamping
        stamping.step()
        pdf = desk.report()
        stamped = signature_of(pdf, desk.keys, desk.clock.now())
        assert stamped.bottom_line, stamped.pretty_print_details()
        assert stamped.timestamp_validity.timestamp == authority.at
        assert check(desk, pdf)[0].verdict.value == "genuine"
        authority.mode = "garbage"
        assert signature_of(desk.report(), desk.keys, desk.clock.now()).timestamp_validity is None
    assert certificate() is not None


@pytest.mark.parametrize("language", ["nl", "en"])
def test_other_programs_agree(desk, tmp_path, language):
    for tool in ("qpdf", "pdfsig"):
        if shutil.which(tool) is None:
            pytest.skip(f"no {tool} here")
    desk.capture(small())
    (tmp_path / "report.pdf").write_bytes(desk.report(language))
    checked = subprocess.run(["qpdf", "--check", "report.pdf"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    seen = subprocess.run(["pdfsig", "report.pdf"], cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    assert "Signature is Valid" in seen
    assert "Total document signed" in seen
    assert "ETSI.CAdES.detached" in seen


@pytest.mark.parametrize("language", ["nl", "en"])
def test_it_says_that_it_is_pdf_a_3_and_pdf_ua_1_and_which_language_it_speaks(desk, language):
    desk.capture(small())
    pdf = desk.report(language)
    (told,) = (stream.data.decode() for stream in streams(pdf) if stream.get("/Type") == "/Metadata")
    assert re.search(r"pdfaid:part>3<", told)
    assert re.search(r"pdfaid:conformance>A<", told)
    assert re.search(r"pdfuaid:part>1<", told)
    reader = PdfFileReader(io.BytesIO(pdf))
    assert reader.input_version == (1, 7), "PDF/A-3 is made of PDF 1.7"
    assert str(reader.root["/Lang"]).startswith(language)
    assert bool(reader.root["/MarkInfo"]["/Marked"])
    assert reader.root["/StructTreeRoot"] is not None


# what it tells
@pytest.mark.parametrize(("language", "words"), [
    ("nl", ("Bewijsrapport", "Mevrouw J. de Vries-Özdemir", "Snelpost B.V.", "€ 1.249,00", "Echt en ongewijzigd", "Beeld uit het videogesprek",
            "12 s na de klok van de opname", "Nog geen tijdstempel", "Opnieuw gevraagd", "Graag nog een keer", "Kopie met onleesbaar gemaakte delen",
            "Europe/Amsterdam", "5 januari 2026, 10:00:00 (+01:00)", "10:00:00 (+01:00) · Anna", "Doos van buiten", "https://tsa.example.nl/tsr")),
    ("en", ("Evidence report", "€1,249.00", "Genuine and unaltered", "Frame of the video call", "12 s after the capturing clock", "Retake requested",
            "Copy with parts made unreadable", "5 January 2026, 10:00:00 (+01:00)", "Outside of the box")),
])
def test_it_tells_the_case_the_pictures_the_times_the_decisions_and_the_consent(tmp_path, language, words):
    desk = furnished(tmp_path, 4)
    try:
        told = squeezed(text_of(desk.report(language)))
        for one in words:
            assert squeezed(one) in told, one
        for snapshot in desk.ask("GET", f"/cases/{desk.case_id}/snapshots").json()["items"]:
            assert snapshot["digest"] in told
            assert snapshot["rendition"] is None or snapshot["rendition"]["digest"] in told
        fingerprint = desk.keys.root_fingerprint
        assert fingerprint in told
    finally:
        desk.close()


def test_a_picture_whose_bytes_were_changed_is_called_so_on_the_first_page(desk):
    def files():
        return {one for one in (desk.folder / "blobs").rglob("*") if one.is_file()}

    desk.capture(small())
    before = files()
    desk.capture(small(2))
    path = max(files() - before, key=lambda one: one.stat().st_size)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    first = text_of(desk.report()).split("\f")[0]
    assert "Bij foto 2 is iets niet in orde" in " ".join(first.split())


def test_a_seal_of_another_desk_is_not_ours(desk, tmp_path):
    from tests.sealing.keys import capture_facts, look_alike
    theirs = look_alike(tmp_path, desk.keys, desk.clock.now()).sealer().seal_capture(small(), "image/jpeg", capture_facts())
    assert desk.put(theirs).status_code == 200
    assert "Door iemand anders ondertekend" in text_of(desk.report())


def test_an_unsealed_picture_is_shown_and_said_to_have_no_seal(desk):
    assert desk.put(small()).status_code == 200
    told = text_of(desk.report())
    assert "Geen zegel" in told
    assert "0/1" in squeezed(told)


def test_more_than_a_minute_between_the_clocks_is_said(desk):
    desk.capture(small())
    desk.stamp(75)
    told = " ".join(text_of(desk.report()).split())
    assert "Let op: 75 s verschil" in told
    assert "Bij foto 1 verschilt de klok van de opname meer dan een minuut" in told


def test_a_case_without_pictures_has_a_report_too(desk):
    assert "geen foto’s vastgelegd" in text_of(desk.report())


def test_numbers_in_a_row_are_told_together():
    assert ranges([]) == ""
    assert ranges([3]) == "3"
    assert ranges([7, 1, 2, 3, 3]) == "1–3, 7"


# texts of anywhere
HOSTILE = (
    '#panic("no") #import "x.typ" *bold* _it_ $x^2$ @ref <label> `raw` [x] {y} \\ // /* */ ~ = head',
    "{number} {n} {at} {reason} %s", "</text><script>alert(1)</script>", "a\u202eb\u200bc\x07d\ufeff", "عميل 客户 клиент עברית 🙂 \U000e0041", "x" * 150,
)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("language", list(Language))
def test_a_text_is_data_whatever_is_in_it(desk, text, language):
    desk.capture(small(), caption=text[:60])
    with desk.store.write() as uow:
        case = uow.cases.get(desk.case_id)
        uow.cases.replace(replace(
            case, revision=case.revision + 1, title=text, product=text, skipped={"label": text}, incident=replace(case.incident, description=text, place=text),
            parties=(replace(case.parties[0], name=text),)))
    pdf = desk.report(language)
    told = squeezed(text_of(pdf))
    if text.isascii() and text.isprintable():
        assert squeezed(text)[:60] in told
    assert "\u202e" not in told


def test_signs_that_nobody_can_draw_are_spelled_out(desk, monkeypatch):
    from videodesk.sealing import report
    fonts = report._fonts(with_system=False)
    monkeypatch.setattr(report, "_fonts", lambda *, with_system: fonts)
    with desk.store.write() as uow:
        case = uow.cases.get(desk.case_id)
        uow.cases.replace(replace(case, revision=case.revision + 1, title="Doos \u5ba2 – één"))
    assert "Doos [U+5BA2] – één" in text_of(desk.report())


# redactions
def any_shows(pdf):
    found = list(pictures_in(pdf))
    assert found, "nothing was carved: this would prove nothing"
    return any(shows(one, HIDDEN) for one in found)


@pytest.mark.parametrize("how", ["redaction", "redaction_pen"])
def test_what_was_redacted_is_in_no_picture_of_the_report(desk, how):
    kept = desk.capture(small(2, label=True))
    desk.capture(small(1))
    assert any_shows(desk.report()), "before it is redacted it shows"
    desk.render(kept, small(2, label=True, covered=True), desk.annotate(kept["id"], how, size=(320, 180)), has_redaction=True)
    for language in Language:
        assert not any_shows(desk.report(language))


@pytest.mark.parametrize("how", ["redaction", "redaction_pen"])
def test_marks_that_redact_without_a_picture_of_them_leave_the_picture_out(desk, how):
    kept = desk.capture(small(2, label=True))
    desk.capture(small(1))
    drawn = desk.annotate(kept["id"], "arrow", size=(320, 180))
    desk.render(kept, small(2, label=True), drawn)
    assert any_shows(desk.report())
    desk.annotate(kept["id"], "arrow", how, size=(320, 180))
    pdf = desk.report()
    assert not any_shows(pdf)
    assert kept["digest"] in squeezed(text_of(pdf)), "its digest stays"


def test_a_newer_picture_without_the_redaction_does_not_bring_it_back(desk):
    kept = desk.capture(small(2, label=True))
    desk.capture(small(1))
    desk.render(kept, small(2, label=True, covered=True), desk.annotate(kept["id"], "redaction", size=(320, 180)), has_redaction=True)
    desk.render(kept, small(2, label=True), desk.annotate(kept["id"], "arrow", size=(320, 180)))
    assert not any_shows(desk.report())


# pictures
def test_a_picture_of_usual_size_goes_in_as_it_is(desk):
    kept = desk.capture(jpeg(parcel(3)))
    pdf = desk.report()
    assert kept["sealed"] in pdf


def test_a_large_picture_and_one_that_is_no_jpeg_are_made_smaller(desk):
    large, flat = noisy_picture(3000, 2000, quality=95), noisy_picture(300, 200, "PNG")
    for data in (large, flat):
        assert desk.put(data).status_code == 200
    pdf = desk.report()
    sizes = sorted(picture.size for picture in pictures_in(pdf))
    assert sizes == [(300, 200), (2048, 1365)]
    assert "verkleind" in text_of(pdf)
    assert len(pdf) < len(large)


def test_a_clip_shows_one_of_its_frames(desk):
    desk.clock.advance(60)
    assert put_clip(desk).status_code == 200
    told = text_of(desk.report())
    assert "Eén beeld uit de clip" in told
    assert "Videoclip" in told


# who may, and what stays of it
def test_each_report_is_in_the_log_with_its_digest_for_every_picture_in_it(desk):
    mine = {desk.capture(small(number))["id"] for number in (1, 2)}
    pdf = desk.report("en")
    entries = [entry for entry in desk.custody() if entry["action"] == "printed"]
    assert {entry["snapshot_id"] for entry in entries} == mine
    assert {entry["data"]["report_digest"] for entry in entries} == {hashlib.sha256(pdf).hexdigest()}
    assert {entry["actor_id"] for entry in entries} == {desk.people["anna"]}
    assert "Put into a report, pictures 1–2" in " ".join(text_of(desk.report("en")).split())


def test_who_may_have_it(desk):
    desk.capture(small())
    path = f"/cases/{desk.case_id}/report"
    answer = desk.ask("GET", path, "saskia")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == 'attachment; filename="VD-2026-000001-bewijsrapport.pdf"'
    assert answer.headers["cache-control"] == "no-store"
    assert_problem(desk.ask("GET", path, "adam"), 403, "permission.denied")
    assert desk.ask("GET", path, None).status_code == 401
    assert desk.ask("GET", path, "customer").status_code == 403
    assert_problem(desk.ask("GET", f"/cases/{new_id()}/report"), 404, "case.unknown")
    assert desk.ask("GET", f"{path}?language=fr").status_code == 422
    printed = [entry for entry in desk.custody() if entry["action"] == "printed"]
    assert len(printed) == 1, "who got nothing is not in the log as if they had"


def test_a_desk_without_keys_signs_no_reports(desk):
    desk.desk.reports = None
    assert_problem(desk.ask("GET", f"/cases/{desk.case_id}/report"), 404, "report.none")


def test_the_loop_and_the_report_share_what_is_known_of_an_authority(desk):
    assert isinstance(desk.app.state.stamping, Stamping)
