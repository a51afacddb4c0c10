"""A case's record as a form: text fields, what is wrong with them, and the patch that saves what changed. No Qt."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from videodesk.core.vocabulary import CaseKind, CauseCode, Language, PartyRole
from videodesk.protocol.resources import CasePatch, CaseView, Incident, Money, Party

PLAIN_FIELDS: Final = ("title", "order_number", "product", "brand", "model", "serial", "ean", "claim_ref")
MONEY_FIELDS: Final = ("claimed", "estimated", "decided")
_CUSTOMER: Final = ("customer_name", "email", "phone")
_INCIDENT: Final = ("incident_on", "incident_place", "incident_cause", "incident_description")
_DAY: Final = re.compile(r"(\d{1,2})[-./ ](\d{1,2})[-./ ](\d{4})")
_MAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
# Thousands in one kind of separator, cents (one or two digits) after the other kind or after the only one.
_AMOUNT: Final = re.compile(r"(?P<whole>\d{1,12}|\d{1,3}(?P<thousands>[.,])\d{3}(?:(?P=thousands)\d{3})*)(?:[.,](?P<cents>\d{1,2}))?")
_LARGEST: Final = Decimal(10) ** 10


@dataclass(frozen=True, slots=True)
class CaseForm:
    """The record as a person types it. Amounts and days are text until they are saved."""

    kind: CaseKind = CaseKind.FREE
    language: Language = Language.NL
    title: str = ""
    customer_name: str = ""
    email: str = ""
    phone: str = ""
    order_number: str = ""
    product: str = ""
    brand: str = ""
    model: str = ""
    serial: str = ""
    ean: str = ""
    claim_ref: str = ""
    incident_on: str = ""
    incident_place: str = ""
    incident_cause: CauseCode | None = None
    incident_description: str = ""
    claimed: str = ""
    estimated: str = ""
    decided: str = ""
    is_sensitive: bool = False

    def with_(self, name: str, value: Any) -> CaseForm:
        """This form with one field changed."""
        return replace(self, **{name: value})


FIELDS: Final = tuple(f.name for f in fields(CaseForm))


def form_of(case: CaseView) -> CaseForm:
    """The form of a case as it is stored."""
    customer = next((p for p in case.parties if p.role is PartyRole.CUSTOMER), None)
    return CaseForm(
        kind=case.kind, language=case.language, title=case.title, order_number=case.order_number, product=case.product,
        brand=case.brand, model=case.model, serial=case.serial, ean=case.ean, claim_ref=case.claim_ref, is_sensitive=case.is_sensitive,
        customer_name=customer.name if customer else "", email=customer.email if customer else "", phone=customer.phone if customer else "",
        incident_on=day_text(case.incident.on), incident_place=case.incident.place, incident_cause=case.incident.cause,
        incident_description=case.incident.description, claimed=amount_text(case.claimed), estimated=amount_text(case.estimated),
        decided=amount_text(case.decided))


def mistakes(form: CaseForm) -> dict[str, str]:
    """Field → key of what is wrong with it."""
    found: dict[str, str] = {}
    for name in MONEY_FIELDS:
        if getattr(form, name).strip() and parse_amount(getattr(form, name)) is None:
            found[name] = "case.amount_wrong"
    if form.incident_on.strip() and parse_day(form.incident_on) is None:
        found["incident_on"] = "case.day_wrong"
    if form.email.strip() and _MAIL.fullmatch(form.email.strip()) is None:
        found["email"] = "case.email_wrong"
    if not form.customer_name.strip() and (form.email.strip() or form.phone.strip()):
        found["customer_name"] = "case.name_needed"
    return found


def patch_of(case: CaseView, form: CaseForm) -> CasePatch | None:
    """What to send so that the stored case becomes `form`; None when nothing changed. `form` has no mistakes."""
    stored = form_of(case)
    changed = {name for name in FIELDS if getattr(form, name) != getattr(stored, name)}
    if not changed:
        return None
    values: dict[str, Any] = {name: getattr(form, name) for name in changed & {*PLAIN_FIELDS, "kind", "language", "is_sensitive"}}
    for name in changed & set(MONEY_FIELDS):
        amount = parse_amount(getattr(form, name))
        before: Money | None = getattr(case, name)
        values[name] = None if amount is None else Money(amount=amount, currency=before.currency if before else "EUR")
    if changed & set(_INCIDENT):
        values["incident"] = Incident(on=parse_day(form.incident_on), place=form.incident_place, cause=form.incident_cause,
                                      description=form.incident_description)
    if changed & set(_CUSTOMER):
        values["parties"] = _parties(case, form)
    return CasePatch(revision=case.revision, **values)


def _parties(case: CaseView, form: CaseForm) -> list[Party]:
    others = [p for p in case.parties if p.role is not PartyRole.CUSTOMER]
    first = next((p for p in case.parties if p.role is PartyRole.CUSTOMER), None)
    if not form.customer_name.strip():
        return others
    facts = {"name": form.customer_name.strip(), "email": form.email.strip(), "phone": form.phone.strip()}
    customer = first.model_copy(update=facts) if first else Party(role=PartyRole.CUSTOMER, language=form.language, **facts)
    rest = [p for p in case.parties if p.role is PartyRole.CUSTOMER and p is not first]
    return [customer, *rest, *others]


def parse_amount(text: str) -> Decimal | None:
    """`1.249,50`, `1,249.50`, `1249,5`, `€ 12` as a Decimal with cents; None for anything else."""
    bare = text.strip().removeprefix("€").replace(" ", "").replace("\u00a0", "")
    found = _AMOUNT.fullmatch(bare)
    if found is None:
        return None
    value = Decimal(f"{re.sub('[.,]', '', found['whole'])}.{found['cents'] or '0'}").quantize(Decimal("0.01"))
    return value if value < _LARGEST else None


def amount_text(money: Money | None) -> str:
    """An amount as it stands in its field: `1249,50`, `649,00`."""
    return "" if money is None else f"{money.amount:.2f}".replace(".", ",")


def parse_day(text: str) -> date | None:
    """`5-1-2026`, `05/01/2026` or `2026-01-05` as a day."""
    bare = text.strip()
    try:
        if (found := _DAY.fullmatch(bare)) is not None:
            return date(int(found[3]), int(found[2]), int(found[1]))
        return date.fromisoformat(bare)
    except ValueError:
        return None


def day_text(day: date | None) -> str:
    """A day as it stands in its field: `05-01-2026`."""
    return "" if day is None else f"{day.day:02d}-{day.month:02d}-{day.year}"
