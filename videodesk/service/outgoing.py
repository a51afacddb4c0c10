"""What goes out to one peer: numbered messages kept for a while, so that a peer that comes back misses nothing."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from videodesk.protocol.messages import Wire

MAX_KEPT: Final = 512
MAX_KEPT_BYTES: Final = 4 * 1024 * 1024
MAX_LOOSE: Final = 32


class TooSlow(Exception):
    """The peer does not take what is sent to it."""


class Finished(Exception):
    """All is sent and nothing more will come."""


class Outgoing:
    """The bounded replay buffer of one peer, which is also its send queue.

    Messages are numbered without gaps from `first`, which belongs to the `welcome` and is not kept. What was sent stays until
    newer ones push it out: at most MAX_KEPT messages and MAX_KEPT_BYTES. When a message is pushed out that the present connection
    has not been given yet, that connection is too slow: `take` raises TooSlow. Event loop only.
    """

    def __init__(self, first: int = 1) -> None:
        self.first = first
        self._kept: deque[tuple[int, str]] = deque()
        self._kept_chars = 0
        self._loose: deque[str] = deque(maxlen=MAX_LOOSE)
        self._last = first
        self._next = first + 1
        self._is_finishing = False
        self._wake = asyncio.Event()

    @property
    def last(self) -> int:
        """The number of the newest message."""
        return self._last

    @property
    def given(self) -> int:
        """The number of the newest message that was handed to a socket."""
        return self._next - 1

    def put(self, message: Wire) -> None:
        """Number the message (its own `seq` is replaced), keep it and let the sender know. Never blocks."""
        self._last += 1
        text = message.model_copy(update={"seq": self._last}).model_dump_json()
        self._kept.append((self._last, text))
        self._kept_chars += len(text)
        while len(self._kept) > MAX_KEPT or (self._kept_chars > MAX_KEPT_BYTES and len(self._kept) > 1):
            self._kept_chars -= len(self._kept.popleft()[1])
        self._wake.set()

    def put_loose(self, message: Wire) -> None:
        """Send a message without a number (pong, ping); never replayed, and dropped when too many wait."""
        self._loose.append(message.model_dump_json())
        self._wake.set()

    def can_resume(self, handled: int) -> bool:
        """Whether everything after number `handled` is still here, and `handled` is of this numbering."""
        oldest = self._kept[0][0] if self._kept else self._last + 1
        return max(self.first, oldest - 1) <= handled <= self._last

    def resume(self, handled: int) -> None:
        """Go on sending after number `handled`."""
        self._next = handled + 1
        self._is_finishing = False
        self._loose.clear()
        self._wake.set()

    def finish(self) -> None:
        """Nothing more will come: `take` raises Finished after the last message."""
        self._is_finishing = True
        self._wake.set()

    async def take(self) -> str:
        """The next text to send; waits for one. TooSlow when messages were lost for this connection, Finished after the last."""
        while True:
            if self._loose:
                return self._loose.popleft()
            if self._next <= self._last:
                oldest = self._kept[0][0]
                if self._next < oldest:
                    raise TooSlow
                text = self._kept[self._next - oldest][1]
                self._next += 1
                return text
            if self._is_finishing:
                raise Finished
            self._wake.clear()
            await self._wake.wait()
