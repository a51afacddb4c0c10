"""TURN credentials with an end: coturn's REST scheme (draft-uberti-behave-turn-rest-00, `use-auth-secret`).

The username is `expiry:id`, the password base64(HMAC-SHA1(secret, username)). coturn refuses a new allocation after the expiry;
an allocation that exists is refreshed with the old credential, so a call outlives it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Final

from videodesk.core.clock import Clock
from videodesk.protocol.messages import IceServer
from videodesk.settings import Settings

LIFETIME_S: Final = 2 * 3600


def turn_credential(secret: str, name: str, expires_at: datetime) -> tuple[str, str]:
    """Username and password for `name` (no colon in it), good until `expires_at`."""
    username = f"{int(expires_at.timestamp())}:{name}"
    mac = hmac.new(secret.encode(), username.encode(), hashlib.sha1)
    return username, base64.b64encode(mac.digest()).decode()


def ice_servers(settings: Settings, clock: Clock, name: str, lifetime_s: int = LIFETIME_S) -> list[IceServer]:
    """The servers for one side of a call, with credentials for `lifetime_s`; empty without TURN in the settings: on one network nothing else is needed.

    Never a public STUN server: it would learn who calls, and where it cannot be reached gathering takes five seconds longer.
    """
    if not settings.turn_urls:
        return []
    plain = [url for url in settings.turn_urls if url.startswith("stun")]
    relays = [url for url in settings.turn_urls if not url.startswith("stun")]
    servers = [IceServer(urls=plain)] if plain else []
    if relays and settings.turn_secret:
        username, password = turn_credential(settings.turn_secret, name, clock.now() + timedelta(seconds=lifetime_s))
        servers.append(IceServer(urls=relays, username=username, credential=password))
    return servers
