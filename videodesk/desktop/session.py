"""Sign-in tokens between two starts: in the system's keyring; where there is none, in a file only this account can read. No Qt."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol

SERVICE_NAME: Final = "videodesk"


class Keyring(Protocol):
    """The part of `keyring` that we use."""

    def get_password(self, service_name: str, username: str) -> str | None:
        """The secret, or None."""
        ...

    def set_password(self, service_name: str, username: str, password: str) -> None:
        """Keep a secret."""
        ...

    def delete_password(self, service_name: str, username: str) -> None:
        """Forget a secret."""
        ...


def system_keyring() -> Keyring | None:
    """The system's keyring, or None where there is none that keeps anything."""
    try:
        import keyring
        from keyring.backends import fail, null
    except ImportError:
        return None
    found: Any = keyring.get_keyring()
    return None if isinstance(found, fail.Keyring | null.Keyring) else found


class TokenStore:
    """Keeps one token per service address. Coroutines: a keyring may ask the person first, which takes its time."""

    def __init__(self, folder: Path, keyring: Keyring | None) -> None:
        self._file = folder / "sign-in.json"
        self._keyring = keyring

    @property
    def is_in_file(self) -> bool:
        """Whether tokens can only be kept in a file: the person is told."""
        return self._keyring is None

    async def read(self, url: str) -> str | None:
        """The token for this service, or None."""
        return await asyncio.to_thread(self._read, url)

    async def keep(self, url: str, token: str) -> None:
        """Keep it for the next start."""
        await asyncio.to_thread(self._keep, url, token)

    async def forget(self, url: str) -> None:
        """Forget it."""
        await asyncio.to_thread(self._forget, url)

    def _read(self, url: str) -> str | None:
        if self._keyring is not None:
            try:
                return self._keyring.get_password(SERVICE_NAME, url)
            except Exception:  # noqa: BLE001 - every backend raises its own errors; locked or broken means: use the file
                self._keyring = None
        return self._from_file().get(url)

    def _keep(self, url: str, token: str) -> None:
        if self._keyring is not None:
            try:
                self._keyring.set_password(SERVICE_NAME, url, token)
            except Exception:  # noqa: BLE001 - as above
                self._keyring = None
            else:
                return
        self._to_file({**self._from_file(), url: token})

    def _forget(self, url: str) -> None:
        if self._keyring is not None:
            with suppress(Exception):  # a secret that was not there is the same as forgotten
                self._keyring.delete_password(SERVICE_NAME, url)
        left = self._from_file()
        if left.pop(url, None) is not None:
            self._to_file(left)

    def _from_file(self) -> dict[str, str]:
        try:
            loaded = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return {k: v for k, v in loaded.items() if isinstance(v, str)} if isinstance(loaded, dict) else {}

    def _to_file(self, tokens: dict[str, str]) -> None:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            beside = self._file.with_suffix(".new")
            beside.unlink(missing_ok=True)
            number = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(number, "w", encoding="utf-8") as file:
                json.dump(tokens, file)
            beside.replace(self._file)
        except OSError:
            return  # the person signs in again at the next start
