"""TypstReport: sets the report's pages with typst (PDF/A-3a, PDF/UA-1) and signs them with pyHanko (PAdES, the desk's sealing key).

The pages' source is resources/report; what the report tells comes to it as JSON, so a text in it can never be markup.
"""

from __future__ import annotations

import asyncio
import io
import json
import re
import tempfile
import unicodedata
from collections.abc import Coroutine
from datetime import UTC
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import typst
from asn1crypto import cms, tsp, x509
from asn1crypto.algos import SignedDigestAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.extensions import DeveloperExtension
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.timestamps import TimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from videodesk.core.errors import DeskError, WorldError
from videodesk.core.places import resources
from videodesk.core.vocabulary import Language
from videodesk.evidence.report_ports import ReportContents
from videodesk.evidence.seal_ports import DeskKeys, TimestampAuthority
from videodesk.sealing.certificates import chain_of

STANDARDS: Final[list[Literal["a-3a", "ua-1"]]] = ["a-3a", "ua-1"]
FIELD: Final = "Desk"
_PDF_VERSION: Final = (1, 7)
_RESERVED_FOR_TIME_BYTES: Final = 48 * 1024  # a token with its certificates; asking the authority how large would be asking twice
_NAME: Final = re.compile(r"[A-Za-z0-9-]+\.[a-z0-9]+")
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it, and nothing of it ever reaches a disk


class TypstReport:
    """A ReportMaker. Any thread."""

    def __init__(self, keys: DeskKeys) -> None:
        self._keys = keys

    def make(self, contents: ReportContents, authority: TimestampAuthority | None = None) -> bytes:
        """The signed PDF."""
        pages = set_pages(contents)
        try:
            return _finished(_signed(pages, self._keys, contents, authority))
        except DeskError as problem:
            if authority is None or not problem.code.startswith("timestamp."):
                raise
            return _finished(_signed(pages, self._keys, contents, None))


def set_pages(contents: ReportContents) -> bytes:
    """The PDF before it is signed.

    A character that none of our fonts has would end in an error: then the system's fonts help, and at last its number stands for it.
    """
    plain = _plain(contents.told)
    for told, with_system in ((plain, False), (plain, True), (_spelled_out(plain), False)):
        try:
            return _typeset(contents, told, with_system=with_system)
        except typst.TypstError as problem:
            if "could not be displayed" not in str(problem):
                raise WorldError("report.failed") from problem
    raise WorldError("report.failed")


def _typeset(contents: ReportContents, told: dict[str, Any], *, with_system: bool) -> bytes:
    with tempfile.TemporaryDirectory(prefix="videodesk-report-", dir=_MEMORY if _MEMORY.is_dir() else None) as made:
        folder = Path(made)
        for source in (resources() / "report").glob("*.typ"):
            (folder / source.name).write_bytes(source.read_bytes())
        (folder / "words.json").write_bytes(_words(contents.language))
        (folder / "told.json").write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
        for name, picture in contents.pictures.items():
            assert _NAME.fullmatch(name)
            (folder / name).write_bytes(picture)
        return typst.compile(
            str(folder / "report.typ"), root=str(folder), font_paths=_fonts(with_system=with_system), format="pdf", pdf_standards=[*STANDARDS],
            timestamp=contents.made_at.astimezone(UTC).replace(microsecond=0))  # typst takes whole seconds


@cache
def _fonts(*, with_system: bool) -> typst.Fonts:
    return typst.Fonts(include_system_fonts=with_system, include_embedded_fonts=True, font_paths=[str(resources() / "fonts")])


@cache
def _words(language: Language) -> bytes:
    return (resources() / "i18n" / language.value / "report.json").read_bytes()


def _plain(value: Any) -> Any:
    """Without what could make a text look like another: control characters and those that turn the direction of writing."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, str):
        return "".join(_visible(letter) for letter in unicodedata.normalize("NFC", value))
    return value


def _visible(letter: str) -> str:
    if letter in "\n\t":
        return letter if letter == "\n" else " "
    return f"[U+{ord(letter):04X}]" if unicodedata.category(letter) in {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"} and letter != "\u00ad" else letter


def _spelled_out(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _spelled_out(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_spelled_out(one) for one in value]
    if isinstance(value, str):
        return "".join(letter if ord(letter) < 0x250 or letter in "–—‘’“”…€" else f"[U+{ord(letter):04X}]" for letter in value)
    return value


class _DeskSigner(signers.Signer):
    """Signs with the desk's sealing key, wherever that is."""

    def __init__(self, keys: DeskKeys) -> None:
        chain = [x509.Certificate.load(one.public_bytes(Encoding.DER)) for one in chain_of(keys.seal_chain_pem)]
        registry = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        registry.register_multiple(chain)
        super().__init__(signing_cert=chain[0], cert_registry=registry, signature_mechanism=SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}))
        self._keys = keys

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        """ECDSA over SHA-256, DER."""
        assert digest_algorithm.lower() == "sha256"
        return bytes(72) if dry_run else self._keys.sign_seal(data)


class _Pages(IncrementalPdfFileWriter):
    """Adds the signature and nothing else. pyHanko by itself would call the file PDF 2.0 and write its metadata anew: PDF/A-3 is PDF 1.7."""

    def ensure_output_version(self, version: tuple[int, int]) -> None:
        """Never more than 1.7."""
        super().ensure_output_version(min(version, _PDF_VERSION))  # type: ignore[no-untyped-call]

    def register_extension(self, ext: DeveloperExtension) -> None:
        """Those of PDF 2.0 cannot be in a file of 1.7; every reader we know takes ECDSA without their being named."""
        if ext.base_version != "/2.0":
            super().register_extension(ext)

    def _update_meta(self) -> None:
        """As typst wrote them."""


class _Stamper(TimeStamper):
    """pyHanko's idea of an authority, over ours."""

    def __init__(self, authority: TimestampAuthority) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._authority = authority

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """The token inside the authority's checked answer."""
        assert md_algorithm.lower() == "sha256"
        return tsp.TimeStampResp.load(self._authority.stamp(message_digest.hex()).token)["time_stamp_token"]


def _finished(work: Coroutine[Any, Any, bytes]) -> bytes:
    """Run it here. asyncio.run would touch the process's signals in a main thread, and costs more than the signature."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()


async def _signed(pages: bytes, keys: DeskKeys, contents: ReportContents, authority: TimestampAuthority | None) -> bytes:
    signer = signers.PdfSigner(
        signers.PdfSignatureMetadata(field_name=FIELD, md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES, reason=contents.title, tight_size_estimates=True),
        signer=_DeskSigner(keys), timestamper=None if authority is None else _Stamper(authority),
        # PDF/A wants it to print, PDF/UA wants what is not tagged out of sight: a field without size beside the page is both.
        new_field_spec=fields.SigFieldSpec(FIELD, invis_sig_settings=fields.InvisSigSettings(box_out_of_bounds=True)))
    out = io.BytesIO()
    await signer.async_sign_pdf(
        _Pages(io.BytesIO(pages)), bytes_reserved=None if authority is None else _RESERVED_FOR_TIME_BYTES, output=out)
    return out.getvalue()
