"""Fields that HTTP bodies share: bounded texts, digests, amounts, moments in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as problem:  # the first or last hours of the calendar
        message = "outside the calendar in UTC"
        raise ValueError(message) from problem


Name = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Line = Annotated[str, StringConstraints(max_length=200)]
Text = Annotated[str, StringConstraints(max_length=10_000)]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
SignInName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._@-]{0,63}$")]
Password = Annotated[str, StringConstraints(min_length=10, max_length=200)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
# A moment that a sender names: with a time zone, kept in UTC.
Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Amount = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)]
