"""From start to signed in: reach the service, then the wizard (nobody there yet), the form, or straight in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from videodesk.client.api import DeskApi
from videodesk.core.clock import Clock
from videodesk.core.errors import DeskError, NotSignedIn
from videodesk.desktop.presentation import Presenter
from videodesk.desktop.tasks import Tasks
from videodesk.protocol.resources import PersonView, ServiceInfo, SetUpIn, SignedIn, SignInIn


class Stage(StrEnum):
    """Where the start stands."""

    STARTING = "starting"
    WELCOME = "welcome"
    ACCOUNT = "account"
    SIGN_IN = "sign_in"
    FAILED = "failed"
    ENTERED = "entered"


class EntryApi(DeskApi, Protocol):
    """A DeskApi that takes a token."""

    def use_token(self, token: str | None) -> None:
        """Use it from now on."""
        ...


class Tokens(Protocol):
    """Where tokens are between two starts (session.TokenStore)."""

    @property
    def is_in_file(self) -> bool:
        """Whether only a file could be had."""
        ...

    async def read(self, url: str) -> str | None:
        """The token kept for this service."""
        ...

    async def keep(self, url: str, token: str) -> None:
        """Keep one."""
        ...

    async def forget(self, url: str) -> None:
        """Forget it."""
        ...


@dataclass(frozen=True, slots=True)
class Link:
    """A service that was reached."""

    url: str
    api: EntryApi
    embedded_secret: str | None = None
    setup_code: str = ""


@dataclass(frozen=True, slots=True)
class EntryState:
    """What the entry shows. `needs_code`: the setup code of `videodesk serve` must be typed. `field_errors`: field → key."""

    stage: Stage = Stage.STARTING
    url: str = ""
    is_embedded: bool = False
    needs_code: bool = False
    is_busy: bool = False
    is_token_in_file: bool = False
    problem: DeskError | None = None
    field_errors: tuple[tuple[str, str], ...] = ()


class EntryPresenter(Presenter[EntryState]):
    """`entered(link, signed_in)` is called once per sign-in."""

    def __init__(self, reach: Callable[[], Awaitable[Link]], tokens: Tokens, tasks: Tasks, clock: Clock,
                 entered: Callable[[Link, SignedIn], None]) -> None:
        super().__init__(EntryState(is_token_in_file=tokens.is_in_file), tasks, clock)
        self._reach = reach
        self._tokens = tokens
        self._entered = entered
        self._link: Link | None = None
        self._is_set_up = False

    def start(self) -> None:
        """Reach the service and go as far as possible without asking."""
        self._set(stage=Stage.STARTING, problem=None)
        self.tasks.run("entry.reach", self._reached, self._decide, self._failed, replaces=True)

    def go_on(self) -> None:
        """From the welcome to the account."""
        self._set(stage=Stage.ACCOUNT, problem=None)

    def go_back(self) -> None:
        """And back."""
        self._set(stage=Stage.WELCOME, problem=None, field_errors=())

    def create_account(self, display_name: str, name: str, password: str, setup_code: str = "") -> None:
        """The first account. An embedded desk needs no password: it is signed in by its own secret."""
        link = self._link
        if link is None or self.state.is_busy:
            return
        wrong = self._wrong(display_name, name, password, setup_code)
        self._set(field_errors=tuple(wrong.items()), problem=None)
        if wrong:
            return
        body = SetUpIn(setup_code=link.setup_code or setup_code.strip(), name=name, display_name=display_name.strip(), password=password or None)
        self._set(is_busy=True)
        self.tasks.run("entry.set_up", lambda: self._enter(link, link.api.set_up(body)), self._in, self._refused)

    def sign_in(self, name: str, password: str) -> None:
        """By the form."""
        link = self._link
        if link is None or self.state.is_busy:
            return
        wrong = {field: "settings.fill_in" for field, text in (("name", name), ("password", password)) if not text.strip()}
        self._set(field_errors=tuple(wrong.items()), problem=None)
        if wrong:
            return
        body = SignInIn(name=name.strip().lower(), password=password, device="desktop")
        self._set(is_busy=True)
        self.tasks.run("entry.sign_in", lambda: self._enter(link, link.api.sign_in(body)), self._in, self._refused)

    def signed_out(self) -> None:
        """The person signed out: forget the token and show the form (or, embedded, a fresh start)."""
        if (link := self._link) is not None:
            link.api.use_token(None)
            self._set(stage=Stage.SIGN_IN if link.embedded_secret is None else Stage.WELCOME, problem=None)
            self.tasks.run("entry.forget", lambda: self._tokens.forget(link.url))

    @property
    def can_resume(self) -> bool:
        """Whether there is an account already and this desk lets its own desktop in."""
        return self._is_set_up and self._link is not None and self._link.embedded_secret is not None

    def resume(self) -> None:
        """An embedded desk, signed out of: come back in."""
        link = self._link
        if link is not None and link.embedded_secret is not None and not self.state.is_busy:
            self._set(is_busy=True)
            body = SignInIn(embedded_secret=link.embedded_secret, device="desktop")
            self.tasks.run("entry.embedded", lambda: self._enter(link, link.api.sign_in(body)), self._in, self._refused)

    def not_entered(self, problem: DeskError) -> None:
        """Signed in, but the desktop could not be made ready (a full disk, a missing folder)."""
        self._failed(problem)

    async def _reached(self) -> tuple[Link, ServiceInfo, SignedIn | None]:
        link = await self._reach()
        info = await link.api.info()
        if info.needs_setup:
            return link, info, None
        if link.embedded_secret is not None:
            return link, info, await self._enter(link, link.api.sign_in(SignInIn(embedded_secret=link.embedded_secret, device="desktop")))
        token = await self._tokens.read(link.url)
        if token is None:
            return link, info, None
        link.api.use_token(token)
        try:
            person: PersonView = await link.api.me()
        except NotSignedIn:
            link.api.use_token(None)
            await self._tokens.forget(link.url)
            return link, info, None
        return link, info, SignedIn(token=token, expires_at=self.clock.now(), person=person)

    async def _enter(self, link: Link, answer: Awaitable[SignedIn]) -> SignedIn:
        signed_in = await answer
        link.api.use_token(signed_in.token)
        if link.embedded_secret is None:
            await self._tokens.keep(link.url, signed_in.token)
        return signed_in

    def _decide(self, found: tuple[Link, ServiceInfo, SignedIn | None]) -> None:
        link, info, signed_in = found
        self._link = link
        self._set(url=link.url, is_embedded=info.is_embedded, needs_code=info.needs_setup and not link.setup_code,
                  is_token_in_file=self._tokens.is_in_file)
        if signed_in is not None:
            self._in(signed_in)
        else:
            self._set(stage=Stage.WELCOME if info.needs_setup else Stage.SIGN_IN)

    def _in(self, signed_in: SignedIn) -> None:
        self._is_set_up = True
        self._set(stage=Stage.ENTERED, is_busy=False, problem=None)
        if self._link is not None:
            self._entered(self._link, signed_in)

    def _failed(self, problem: DeskError) -> None:
        self._set(stage=Stage.FAILED, is_busy=False, problem=problem)

    def _refused(self, problem: DeskError) -> None:
        self._set(is_busy=False, problem=problem)

    def _wrong(self, display_name: str, name: str, password: str, setup_code: str) -> dict[str, str]:
        wrong: dict[str, str] = {}
        if not display_name.strip():
            wrong["display_name"] = "settings.fill_in"
        if re.fullmatch(r"[a-z0-9][a-z0-9._@-]{0,63}", name) is None:
            wrong["name"] = "settings.name_wrong"
        is_short = len(password) < 10
        if is_short and (password or not self.state.is_embedded):
            wrong["password"] = "settings.password_short"  # noqa: S105 - a text key
        if self.state.needs_code and not setup_code.strip():
            wrong["setup_code"] = "settings.fill_in"
        return wrong


def suggested_name(display_name: str) -> str:
    """A sign-in name made of a person's name: `Anna de Vries` → `anna.de.vries`."""
    plain = unicodedata.normalize("NFKD", display_name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", ".", plain).strip(".")[:64]
