"""The one place that turns HTTP answers and network failures back into the error tree (core/errors.py)."""

from __future__ import annotations

import ssl
from typing import Final

import httpx
from pydantic import ValidationError

from videodesk.core.errors import DeskError, RateLimited, WorldError, error_classes
from videodesk.protocol.resources import Problem

OFFLINE: Final = "service.offline"
_CLASSES: Final[dict[int, type[DeskError]]] = {found.status: found for found in error_classes()}


def offline(problem: BaseException) -> WorldError:
    """What a network failure means: the service cannot be reached, is too slow, or shows a certificate we do not trust."""
    if _has_certificate_error(problem):
        return WorldError("service.certificate")
    if isinstance(problem, httpx.ReadTimeout | httpx.WriteTimeout):
        return WorldError("service.slow")
    return WorldError(OFFLINE)


def from_answer(answer: httpx.Response) -> DeskError:
    """The error that an answer with status ≥ 400 stands for. A body that is no problem+json still gives the class of its status."""
    error_class = _CLASSES.get(answer.status_code, WorldError if answer.status_code >= 500 else DeskError)
    found = _problem(answer)
    if found is not None:
        error = error_class(found.code, **found.params)
    elif answer.status_code in {502, 503, 504}:  # a proxy in between: behind it nobody is at home
        error = WorldError(OFFLINE)
    else:
        error = error_class("service.unexpected", status=answer.status_code)
    if isinstance(error, RateLimited) and "retry_after_s" not in error.params:
        after = answer.headers.get("retry-after", "")
        error.params["retry_after_s"] = int(after) if after.isdigit() else 1
    return error


def _problem(answer: httpx.Response) -> Problem | None:
    if not answer.headers.get("content-type", "").startswith("application/problem+json"):
        return None
    try:
        return Problem.model_validate_json(answer.content)
    except ValidationError:
        return None


def _has_certificate_error(problem: BaseException | None) -> bool:
    while problem is not None:
        if isinstance(problem, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(problem):
            return True
        problem = problem.__cause__ or problem.__context__
    return False
