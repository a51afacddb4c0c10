"""A client of an ASGI app in this process: no socket, but the app's own loop and worker threads."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import httpx


class InProcess:
    """Synchronous requests to `app`, which runs in a loop of its own in a thread. A bug in the app comes back as its 500."""

    def __init__(self, app: Any) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("127.0.0.1", 50_000))
        self._life = app.router.lifespan_context(app)
        self._wait(self._life.__aenter__())
        self._client = httpx.AsyncClient(transport=transport, base_url="http://testserver")

    def request(self, method: str, path: str, **rest: Any) -> httpx.Response:
        return self._wait(self._client.request(method, path, **rest))

    def close(self) -> None:
        self._wait(self._client.aclose())
        self._wait(self._life.__aexit__(None, None, None))
        self._wait(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _wait(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)
