"""This desktop's own sealing key and its certificate: asked from the service after signing in, then used without it. No Qt."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final, Protocol

from videodesk.client.api import DeskApi
from videodesk.core.clock import Clock
from videodesk.core.errors import DeskError
from videodesk.evidence.seal_ports import Sealer
from videodesk.protocol.resources import CertificateIn

AGAIN_S: Final = (2.0, 10.0, 30.0)  # the last one for ever

_log = logging.getLogger("videodesk.desktop.sealing")


class Station(Sealer, Protocol):
    """A Sealer that becomes ready: one for the program's life, the key made once, a certificate from each desk. Any thread.

    What goes through it before it is ready comes back unsealed. The methods here block on the disk or the keyring: never the GUI thread.
    """

    def use(self, desk: str) -> None:
        """From now on seal for this desk, with its certificate if one is kept here. `desk` names it on this computer.

        WorldError("storage.unwritable" | "keys.keyring_closed").
        """
        ...

    def wanted(self, root_fingerprint: str, now: datetime) -> CertificateIn | None:
        """What to ask the desk with this root for; None while the certificate that is here is good for long."""
        ...

    def accept(self, chain_pem: str, root_fingerprint: str) -> None:
        """Keep the certificate and seal with it. Invalid("keys.chain_broken") when it is not for our key, or not by that root."""
        ...


async def enrol(station: Station, api: DeskApi, clock: Clock) -> bool:
    """Have a certificate of this desk, a fresh one if need be; whether one was asked. Raises what DeskApi raises."""
    root = await api.seal_root()
    wanted = await asyncio.to_thread(station.wanted, root.fingerprint, clock.now())
    if wanted is None:
        return False
    made = await api.certify(wanted)
    await asyncio.to_thread(station.accept, made.chain_pem, root.fingerprint)
    return True


async def keep_enrolled(
    station: Station, desk: str, api: DeskApi, clock: Clock, *, wait: Callable[[float], Awaitable[Any]] = asyncio.sleep,
) -> None:
    """After signing in: seal with what is here at once, and try to enrol until it is done or the desk says no. A task in the engine."""
    tries = 0
    is_used = False
    while True:
        try:
            if not is_used:
                await asyncio.to_thread(station.use, desk)
                is_used = True
            await enrol(station, api, clock)
        except DeskError as problem:
            _log.warning("no certificate to seal with: %s", problem.code)
            if not problem.retryable:
                return
        else:
            return
        await wait(AGAIN_S[min(tries, len(AGAIN_S) - 1)])
        tries += 1
