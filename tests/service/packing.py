"""Gives a desk of the tests what packages take: keys, and who packs."""

from __future__ import annotations

from pathlib import Path

from tests.sealing.keys import desk_keys
from videodesk.sealing.embedded import seal_kind
from videodesk.sealing.keys import LocalDeskKeys
from videodesk.sealing.packer import BagPacker
from videodesk.sealing.verify_page import verify_page
from videodesk.service.desk import Desk


def can_pack(desk: Desk, folder: Path) -> LocalDeskKeys:
    """From now on this desk packs; its keys."""
    keys = desk_keys(folder, now=desk.clock.now())
    desk.store._sign_head = keys.sign_log  # the store was opened before there were keys
    desk.keys, desk.packer = keys, BagPacker(keys, verify_page)
    desk.seal_kind = seal_kind
    return keys
