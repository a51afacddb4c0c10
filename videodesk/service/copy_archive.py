"""The ZIP of a customer's copy: an evidence package with the verifier in it, made when it is asked for."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from typing import BinaryIO, Final

from videodesk.cases.usecases import known_case
from videodesk.core.errors import NotFound, OutOfSpace
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import CustodyAction
from videodesk.evidence import copies as rules
from videodesk.evidence.copies import CustomerCopy
from videodesk.evidence.copy_package import copy_contents
from videodesk.evidence.package_ports import Packer
from videodesk.evidence.packages import Wish
from videodesk.service.desk import Desk
from videodesk.service.packages import authorities_pem

_PIECE: Final = 256 * 1024


def make_archive(desk: Desk, packer: Packer, copy: CustomerCopy) -> tuple[BinaryIO, int]:
    """The package in a file without a name, at its start, and its size; each picture in it is a custody entry (shared). Blocks."""
    now = desk.clock.now()
    with desk.store.write() as uow:
        given = rules.pictures_of(uow, copy)
        if not given:
            raise NotFound("copy.empty")
        for one in given:
            rules.note_seen(uow, copy, one, CustodyAction.SHARED, now)
    with desk.store.read() as uow:
        case = known_case(uow, copy.case_id)
        call = uow.calls.get(copy.call_id)
        invitation = None if call is None else uow.invitations.get(call.invitation_id)
        language = case.language if invitation is None else invitation.language
        wish = Wish(new_id(now), language, is_outside_copy=True, desk_name=desk.settings.desk_name, authorities_pem=authorities_pem(desk))
        contents = copy_contents(uow, desk.blobs.of_case(case.id), case, copy, given, wish, now)
    try:
        with contextlib.ExitStack() as stack:
            out = stack.enter_context(tempfile.TemporaryFile(dir=desk.settings.data_dir))
            packer.pack(out, contents, lambda _step, _done, _total: None)
            size = out.seek(0, 2)
            out.seek(0)
            stack.pop_all()
    except OSError as problem:
        raise OutOfSpace("storage.full") from problem
    return out, size


class Pieces:
    """The file's bytes in pieces. The file is closed at their end, and also when nobody fetches them any more."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """The next piece."""
        piece = b"" if self._file.closed else self._file.read(_PIECE)
        if not piece:
            self._file.close()
            raise StopIteration
        return piece

    def __del__(self) -> None:
        self._file.close()
