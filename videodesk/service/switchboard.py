"""Who is at the hub and how messages reach them. Event loop only; nothing here waits for a peer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from videodesk.calls.model import Side
from videodesk.core.clock import Clock
from videodesk.core.people import Principal
from videodesk.core.permissions import Action, is_allowed
from videodesk.protocol.messages import CLOSE_GOING_AWAY, CLOSE_REPLACED, Hello, Replaced, Wire
from videodesk.service.peers import Link, Peer


class Switchboard:
    """All peers by principal: a person has one desktop, an invitation one page at a time; a newer one replaces the older."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._peers: dict[str, Peer] = {}

    def __iter__(self) -> Iterator[Peer]:
        return iter(list(self._peers.values()))

    def get(self, principal_id: str | None) -> Peer | None:
        """The peer of a principal, connected or gone a moment ago."""
        return None if principal_id is None else self._peers.get(principal_id)

    def attach(self, principal: Principal, hello: Hello, link: Link) -> tuple[Peer, bool, bool]:
        """The peer for a new socket; then whether it resumed; then whether it is known to have missed the last `call.ready`.

        `link.outgoing` becomes the peer's. The old socket of the same connection is closed, that of another one told `replaced`.
        """
        known = self._peers.get(principal.id)
        is_same = known is not None and known.connection == hello.connection
        if known is not None and is_same and hello.resume_from is not None and known.outgoing.can_resume(hello.resume_from):
            known.principal, known.token = principal, hello.token
            known.outgoing.resume(hello.resume_from)
            link.outgoing = known.outgoing
            known.replace_link(link)
            return known, True, False
        if known is not None and known.link is not None:
            if is_same:
                known.link.cut(CLOSE_REPLACED)
            else:
                known.put(Replaced(seq=0))
                known.link.finish(CLOSE_REPLACED)
        peer = Peer(principal, Side.CUSTOMER if principal.is_customer else Side.AGENT, hello.connection, hello.token, link.outgoing, link)
        self._peers[principal.id] = peer
        return peer, False, known is not None and is_same and known.has_missed_ready(hello.resume_from)

    def detach(self, peer: Peer, link: Link) -> bool:
        """The socket is gone. False when the peer has another one already, or another peer took its place."""
        if peer.link is not link or self._peers.get(peer.id) is not peer:
            return False
        peer.link = None
        peer.gone_at_s = self._clock.monotonic()
        return True

    def forget_gone(self, keep_s: float) -> list[Peer]:
        """Forget the peers that are gone for longer than `keep_s`; they cannot resume any more."""
        now_s = self._clock.monotonic()
        gone = [peer for peer in self._peers.values() if not peer.is_connected and now_s - peer.gone_at_s > keep_s]
        for peer in gone:
            del self._peers[peer.id]
        return gone

    def is_online(self, principal_id: str, for_s: float) -> bool:
        """Whether the principal is connected, or was less than `for_s` ago."""
        peer = self._peers.get(principal_id)
        return peer is not None and (peer.is_connected or self._clock.monotonic() - peer.gone_at_s <= for_s)

    def to(self, principal_id: str | None, message: Wire) -> bool:
        """Send to one principal; False when the hub does not know them."""
        peer = self.get(principal_id)
        if peer is None:
            return False
        peer.put(message)
        return True

    def desks(self, action: Action) -> list[Peer]:
        """The desktops whose person may do `action`."""
        return [peer for peer in self._peers.values() if peer.side is Side.AGENT and is_allowed(peer.principal, action)]

    def to_desks(self, message: Wire, action: Action, but: Iterable[str | None] = ()) -> None:
        """Send to every desktop whose person may do `action`, but not to these principals."""
        left_out = set(but)
        for peer in self.desks(action):
            if peer.id not in left_out:
                peer.put(message)

    def close_all(self) -> None:
        """The service stops: every socket is closed as going away."""
        for peer in self._peers.values():
            if peer.link is not None:
                peer.link.cut(CLOSE_GOING_AWAY)
