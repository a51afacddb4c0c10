"""STUN and TURN servers in this process: silent, answering, or held back until told."""

import asyncio
from typing import Self

from aioice import stun

from videodesk.protocol.messages import IceServer


class FakeServer(asyncio.DatagramProtocol):
    """Answers binding requests with `mapped` and allocations with `relayed`, without asking who it is. Silent while not `is_awake`."""

    def __init__(self, *, mapped: tuple[str, int] = ("203.0.113.5", 5000), relayed: tuple[str, int] = ("203.0.113.9", 6000), is_awake: bool = True) -> None:
        self.mapped, self.relayed, self.is_awake = mapped, relayed, is_awake
        self.asked: list[tuple[stun.Message, tuple[str, int]]] = []
        self.allocated = 0

    async def __aenter__(self) -> Self:
        self.transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        return self

    async def __aexit__(self, *_: object) -> None:
        self.transport.close()
        await asyncio.sleep(0)

    @property
    def port(self) -> int:
        return self.transport.get_extra_info("sockname")[1]

    def as_stun(self) -> IceServer:
        return IceServer(urls=[f"stun:127.0.0.1:{self.port}"])

    def as_turn(self) -> IceServer:
        return IceServer(urls=[f"turn:127.0.0.1:{self.port}?transport=udp"], username="u", credential="p")

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = stun.parse_message(data)
        self.asked.append((message, addr))
        if self.is_awake:
            self._answer(message, addr)

    def wake(self) -> None:
        """Answer what was asked, and all that comes."""
        self.is_awake = True
        for message, addr in self.asked:
            self._answer(message, addr)

    def _answer(self, message: stun.Message, addr: tuple[str, int]) -> None:
        answer = stun.Message(message_method=message.message_method, message_class=stun.Class.RESPONSE, transaction_id=message.transaction_id)
        if message.message_method == stun.Method.ALLOCATE:
            self.allocated += 1
            answer.attributes["XOR-RELAYED-ADDRESS"] = self.relayed
        if message.message_method == stun.Method.REFRESH:
            self.allocated -= message.attributes["LIFETIME"] == 0
        if message.message_method in {stun.Method.ALLOCATE, stun.Method.REFRESH}:
            answer.attributes["LIFETIME"] = message.attributes["LIFETIME"]
        answer.attributes["XOR-MAPPED-ADDRESS"] = self.mapped
        self.transport.sendto(bytes(answer), addr)
