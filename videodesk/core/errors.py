"""The one tree of expected errors.

    DeskError
    ├── NotSignedIn        401
    ├── NotAllowed         403
    ├── NotFound           404
    ├── Conflict           409   the state of the thing forbids it (already taken, stale revision, illegal transition)
    ├── Gone               410   it was there (expired, revoked, used)
    ├── TooLarge           413
    ├── UnsupportedMedia   415
    ├── Invalid            422   the request is wrong; the same request will fail again
    ├── RateLimited        429   retryable
    └── WorldError         503   the world's: disk full, locked, offline; the person is told what to do
        └── OutOfSpace     507

An error carries a stable code (`"call.already_taken"`), never a sentence. Its text is `resources/i18n/*/errors.json`[code],
in every language, with `params` filled in. One module turns errors into HTTP problems and WebSocket close codes
(service/problems.py), one turns them back (client/http.py). A bug is not a DeskError: it raises what it raises.
"""

from __future__ import annotations

from typing import ClassVar

Param = str | int | float | bool | None


class DeskError(Exception):
    """An expected failure. `code` is stable and documented; `params` fill its text; no personal data in either."""

    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(self, code: str, **params: Param) -> None:
        super().__init__(code)
        self.code = code
        self.params: dict[str, Param] = params

    @property
    def message_key(self) -> str:
        """The key of the error's text in the error catalogue."""
        return f"error.{self.code}"

    def __str__(self) -> str:
        """Code and parameters, for logs and test output."""
        return f"{self.code} {self.params}" if self.params else self.code


class NotSignedIn(DeskError):
    """No valid session: sign in (again)."""

    status = 401


class NotAllowed(DeskError):
    """The permission table, or consent, says no."""

    status = 403


class NotFound(DeskError):
    """No such thing, or none that this principal may know of."""

    status = 404


class Conflict(DeskError):
    """The state of the thing forbids it now."""

    status = 409


class Gone(DeskError):
    """It was there and is no longer: expired, revoked, used up."""

    status = 410


class TooLarge(DeskError):
    """More bytes or pixels than we take."""

    status = 413


class UnsupportedMedia(DeskError):
    """Not a format we take, or not what it says it is."""

    status = 415


class Invalid(DeskError):
    """The request is wrong."""

    status = 422


class RateLimited(DeskError):
    """Too many tries; `retry_after_s` is among the params."""

    status = 429
    retryable = True


class WorldError(DeskError):
    """The world's failure, not ours: storage locked, service offline. Trying again later may help."""

    status = 503
    retryable = True


class OutOfSpace(WorldError):
    """The disk is full."""

    status = 507


def error_classes() -> list[type[DeskError]]:
    """Every class of the tree, for tests and for turning a status back into a class."""
    found: list[type[DeskError]] = []
    queue: list[type[DeskError]] = [DeskError]
    while queue:
        current = queue.pop()
        found.append(current)
        queue.extend(current.__subclasses__())
    return found
