"""What is proven of a picture, by what and since when, in plain words. No Qt.

Verdicts, reasons and the steps of a package have their words in resources/i18n/*/verify.json, as the verifier's own; the rest is ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from urllib.parse import urlsplit

from videodesk.core.vocabulary import SealKind, SealVerdict
from videodesk.desktop.i18n import exact_moment, number, t, verify_text
from videodesk.protocol import resources as r

ProofTone = Literal["neutral", "ok", "warning", "danger"]
_TONES: Final[dict[SealVerdict, ProofTone]] = {
    SealVerdict.GENUINE: "ok", SealVerdict.GENUINE_RENDITION: "ok", SealVerdict.ALTERED: "danger", SealVerdict.FOREIGN_SEAL: "danger",
    SealVerdict.NO_SEAL: "warning", SealVerdict.INCOMPLETE: "warning", SealVerdict.UNCHECKABLE: "warning",
}
_SEAL_ICONS: Final[dict[SealKind, str]] = {
    SealKind.NONE: "shield-off", SealKind.CAPTURE: "shield-check", SealKind.OPENED: "shield", SealKind.RENDITION: "shield-check"}
_UNITS: Final = ((86_400, "days"), (3_600, "hours"), (60, "minutes"), (1, "seconds"))


@dataclass(frozen=True, slots=True)
class ProofLine:
    """One sentence with its sign."""

    icon: str
    tone: ProofTone
    text: str


def headline(one: r.OriginalIntegrity, whole: r.SnapshotIntegrity) -> ProofLine:
    """The calm one-line state: the worst of what is known."""
    if not one.verdict.is_good:
        tone = _TONES[one.verdict]
        words = ". ".join(part for part in (verdict_text(one.verdict), verify_text(f"verdict.{one.verdict}.lead")) if part)
        return ProofLine("alert-circle" if tone == "danger" else "shield-off", tone, words)
    if not whole.log_is_intact:
        return ProofLine("alert-circle", "danger", t("proof.head_log_broken"))
    if one.is_late:
        return ProofLine("alert-triangle", "warning", t("proof.head_late"))
    # Of a file that somebody chose nobody here knows whether it is genuine: only that nothing changed since.
    words = t("proof.head_opened") if one.seal is SealKind.OPENED else verdict_text(one.verdict)
    if one.covered_at is None and whole.can_stamp:
        return ProofLine(_SEAL_ICONS[one.seal], "ok", t("proof.head_no_stamp", verdict=words))
    return ProofLine(_SEAL_ICONS[one.seal], "ok", words)


def proof_lines(one: r.OriginalIntegrity, whole: r.SnapshotIntegrity) -> tuple[ProofLine, ...]:
    """Seal, custody log, time; then why the verdict is what it is."""
    why = tuple(ProofLine("info-circle", _TONES[one.verdict], reason_text(reason)) for reason in one.reasons)
    return (_seal_line(one), _log_line(one, whole), _time_line(one, whole), *(why if not one.verdict.is_good else ()))


def _seal_line(one: r.OriginalIntegrity) -> ProofLine:
    moment = exact_moment(one.captured_at)
    if one.seal is SealKind.NONE or one.verdict is SealVerdict.NO_SEAL:
        return ProofLine(_SEAL_ICONS[SealKind.NONE], "warning", t("proof.seal.none", moment=moment))
    if not one.verdict.is_good:  # what an unproven seal says of itself is a claim: it is not repeated here
        return ProofLine("shield-off", _TONES[one.verdict], t("proof.seal_bad"))
    by = one.sealed_by or t("proof.by_unknown")
    return ProofLine(_SEAL_ICONS[one.seal], "ok", t(f"proof.seal.{one.seal}", by=by, moment=moment))


def _log_line(one: r.OriginalIntegrity, whole: r.SnapshotIntegrity) -> ProofLine:
    if not whole.log_is_intact:
        return ProofLine("alert-circle", "danger", t("proof.log_broken"))
    if one.log_index is None:
        return ProofLine("list-check", "warning", t("proof.log_missing"))
    return ProofLine("list-check", "ok", t("proof.log", n=number(one.log_index), size=number(whole.log_size)))


def _time_line(one: r.OriginalIntegrity, whole: r.SnapshotIntegrity) -> ProofLine:
    if one.covered_at is None:
        return ProofLine("hourglass" if whole.can_stamp else "clock", "neutral", t("proof.no_stamp" if whole.can_stamp else "proof.no_authority"))
    params = {"authority": urlsplit(one.authority).hostname or one.authority, "moment": exact_moment(one.covered_at), "late": how_long(abs(one.late_s or 0.0))}
    if one.is_late:
        return ProofLine("alert-triangle", "warning", t("proof.stamp_late", **params))
    return ProofLine("clock", "ok", t("proof.stamp" if (one.late_s or 0.0) >= 0 else "proof.stamp_before", **params))


def how_long(seconds: float) -> str:
    """`12 seconden`, `3 minuten`."""
    for length, unit in _UNITS:
        if seconds >= 2 * length or length == 1:
            return t(f"proof.long.{unit}", n=round(seconds / length))
    return ""


def verdict_text(verdict: SealVerdict) -> str:
    """The verifier's own words."""
    return verify_text(f"verdict.{verdict}")


def reason_text(reason: r.Reason) -> str:
    """Why, in the verifier's own words."""
    return verify_text(f"reason.{reason.code}", **reason.params) or t("proof.reason", code=reason.code)


def step_text(package: r.PackageView) -> str:
    """What is being done for a package now."""
    words = verify_text(f"package.step.{package.step}") if package.step else ""
    return words or t("proof.package_building")


def seal_word(seal: SealKind) -> str:
    """The state on a small picture, in a word or two."""
    return t(f"proof.short.{seal}")


def certificate_text(made: r.ErasureView) -> str:
    """The certificate of erasure as a text to keep: what was erased, when, by whom, why, and where copies may still lie."""
    lines = [
        t("proof.certificate"), "", t("proof.certificate_case", number=made.case_number), t("proof.certificate_at", moment=exact_moment(made.erased_at)),
        t("proof.certificate_by", name=made.erased_by_name), t("proof.certificate_reason", reason=made.reason),
        t("proof.certificate_what", files=number(made.files), size=size_text(made.size_bytes), rows=number(made.rows)),
        t("proof.certificate_log", n=number(made.log_index)), "", t("proof.certificate_backups" if made.backups else "proof.certificate_no_backups"),
        *(f"- {one}" for one in made.backups), "", t("proof.certificate_id", id=made.id)]
    return "\n".join(lines) + "\n"


def size_text(size_bytes: int) -> str:
    """`2,4 MB`."""
    megabytes = size_bytes / 1_000_000
    return f"{number(megabytes, 1)} MB" if megabytes >= 0.1 else f"{number(max(1, round(size_bytes / 1000)))} kB"


def grouped(fingerprint: str) -> str:
    """A fingerprint that can be read aloud: in groups of four."""
    return " ".join(fingerprint[i:i + 4] for i in range(0, len(fingerprint), 4))


def is_past(moment: datetime | None, now: datetime) -> bool:
    """Whether it is over."""
    return moment is not None and moment <= now
