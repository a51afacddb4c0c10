"""What a new invitation looks like to the agent: link, QR code, and texts ready to send."""

from __future__ import annotations

import io
import re
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlsplit

import segno

from videodesk.calls.invitations import Made
from videodesk.cases.model import Case, Party
from videodesk.core.vocabulary import Language, PartyRole
from videodesk.protocol.resources import InvitationMade, InvitationTexts
from videodesk.service.desk import Desk
from videodesk.service.texts import t
from videodesk.service.tls import why_not_usable

_INTERNATIONAL: Final = re.compile(r"(?:\+|00)([1-9][\d\s().-]{6,20})")


def invitation_made(desk: Desk, case: Case, made: Made, now: datetime) -> InvitationMade:
    """The answer to a new invitation: the only time that token and code are seen."""
    url = desk.public_url.rstrip("/")
    link = f"{url}/join#{made.token}"
    spoken = f"{made.code[:3]} {made.code[3:]}"
    why_not = why_not_usable(url)
    return InvitationMade(
        id=made.invitation.id, case_id=case.id, join_link=link, short_address=short_address(url), spoken_code=spoken,
        expires_at=made.invitation.expires_at, qr_svg=qr_svg(link),
        texts={language: _texts(desk, case, made, language, link, spoken, now) for language in Language},
        is_usable=why_not is None, why_not=why_not)


def short_address(url: str) -> str:
    """What a person says on the telephone: without https and without a closing slash; http is said, it is unusual."""
    parts = urlsplit(url)
    return parts.netloc + parts.path.rstrip("/") if parts.scheme == "https" else url


def qr_svg(link: str) -> str:
    """The link as a QR code, an SVG of its own (black on white, with the quiet zone that readers need)."""
    out = io.BytesIO()
    segno.make(link, error="m", micro=False).save(out, kind="svg", scale=8, border=4, dark="#000", light="#fff", xmldecl=False, svgclass=None, lineclass=None)
    return out.getvalue().decode()


def _texts(desk: Desk, case: Case, made: Made, language: Language, link: str, spoken: str, now: datetime) -> InvitationTexts:
    params: dict[str, str | int] = {
        "customer": case.customer_name, "agent": made.invitation.agent_name, "desk": desk.settings.desk_name, "case": case.number,
        "link": link, "address": short_address(desk.public_url.rstrip("/")), "code": spoken,
        "spelled": " ".join(made.code), "valid": _valid(language, int((made.invitation.expires_at - now).total_seconds())),
    }
    params["greeting"] = t(language, "invitation.greeting" if case.customer_name else "invitation.greeting_without_name", **params)
    params["phone_line"] = t(language, "invitation.phone_line", phone=desk.settings.phone_number) if desk.settings.phone_number else ""
    whatsapp = t(language, "invitation.whatsapp", **params)
    return InvitationTexts(
        email_subject=t(language, "invitation.email_subject", **params), email_body=t(language, "invitation.email_body", **params).strip() + "\n",
        sms=t(language, "invitation.sms", **params), whatsapp=whatsapp,
        whatsapp_url=f"https://wa.me/{_whatsapp_number(case)}?text={quote(whatsapp)}", spoken=t(language, "invitation.spoken", **params))


def _valid(language: Language, seconds: int) -> str:
    for unit, length in (("days", 86_400), ("hours", 3600)):
        if seconds >= 2 * length or (seconds >= length and unit == "hours"):
            return t(language, f"duration.{unit}", n=round(seconds / length))
    return t(language, "duration.minutes", n=max(1, round(seconds / 60)))


def _whatsapp_number(case: Case) -> str:
    """The customer's number as wa.me wants it; empty when it is not international: a guessed country would reach a stranger."""
    customer: Party | None = next((party for party in case.parties if party.role is PartyRole.CUSTOMER), None)
    found = _INTERNATIONAL.fullmatch(customer.phone.strip()) if customer else None
    return re.sub(r"\D", "", found[1].replace("(0)", "")) if found else ""
