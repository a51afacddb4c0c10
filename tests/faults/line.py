"""The line under a life: a relay between the programs and a real service, which counts what passes and cuts it at the n-th piece."""

from __future__ import annotations

import asyncio
import contextlib

PIECE_BYTES = 8 * 1024


class Line:
    """Forwards one port. `cut(n, after)` ends the connection at the n-th piece, before or after it passed; `is_down` refuses new ones."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.count = 0
        self.is_down = False
        self.stays_down = False
        self._cut_at, self._after = 0, False

    async def start(self) -> str:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def cut(self, nth: int, *, after: bool, stays: bool) -> None:
        self.count, self._cut_at, self._after, self.stays_down, self.is_down = 0, nth, after, stays, False

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        self._end()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _end(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()
        self._open.clear()

    async def _serve(self, near_in: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._open.add(near_out)
        if self.is_down:
            near_out.transport.abort()
            return
        with contextlib.suppress(OSError, asyncio.CancelledError):
            far_in, far_out = await asyncio.open_connection("127.0.0.1", self._target)
            self._open.add(far_out)
            await asyncio.gather(self._pump(near_in, far_out), self._pump(far_in, near_out))

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.CancelledError):
            while piece := await source.read(PIECE_BYTES):
                self.count += 1
                is_cut = self.count == self._cut_at
                if is_cut and not self._after:
                    break
                target.write(piece)
                await target.drain()
                if is_cut:
                    await asyncio.sleep(0)  # it leaves, then the line goes
                    break
            else:
                target.close()
                return
            self.is_down = self.stays_down
            self._end()
