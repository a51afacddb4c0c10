"""Pinning a self-signed certificate: the right one is trusted, any other is not, and no token reaches it."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from videodesk.client.http import HttpDeskApi, open_client
from videodesk.client.tls import clean_fingerprint, pinned_context
from videodesk.core.errors import Invalid, WorldError

INFO = b'{"product":"videodesk","version":"1","protocol":1,"needs_setup":false,"is_embedded":false,"public_url":"","can_call":true}'


def certificate(folder, name: str) -> tuple[ssl.SSLContext, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    start = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    made = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(start + dt.timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True).sign(key, hashes.SHA256()))
    path = folder / f"{name}.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context, hashlib.sha256(made.public_bytes(serialization.Encoding.DER)).hexdigest()


@pytest.fixture
async def desk(tmp_path):
    """A TLS server that answers /info and counts what was asked; its certificate can be changed."""

    class Desk:
        asked = 0

        async def answer(self, reader, writer):
            try:
                await reader.readuntil(b"\r\n\r\n")
                self.asked += 1
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(INFO) + INFO)
                await writer.drain()
            except (asyncio.IncompleteReadError, ConnectionError):
                pass
            finally:
                writer.close()

        async def start(self, name, port=0):
            context, self.fingerprint = certificate(tmp_path, name)
            self.server = await asyncio.start_server(self.answer, "127.0.0.1", port, ssl=context)
            self.port = self.server.sockets[0].getsockname()[1]
            self.url = f"https://127.0.0.1:{self.port}"

        async def stop(self):
            self.server.close()
            await self.server.wait_closed()

    made = Desk()
    await made.start("right")
    yield made
    await made.stop()


async def test_the_pinned_certificate_is_trusted(desk):
    shown = ":".join(desk.fingerprint[i:i + 2].upper() for i in range(0, 64, 2))
    api = HttpDeskApi(open_client(desk.url, await pinned_context(desk.url, shown)))
    assert (await api.info()).product == "videodesk"
    await api.close()


async def test_without_the_pin_it_is_not_trusted(desk):
    api = HttpDeskApi(open_client(desk.url))
    with pytest.raises(WorldError, match=r"service\.certificate"):
        await api.info()
    await api.close()
    assert desk.asked == 0


async def test_another_certificate_is_refused_before_anything_is_sent(desk):
    with pytest.raises(WorldError, match=r"service\.certificate"):
        await pinned_context(desk.url, "0" * 64)
    context, port = await pinned_context(desk.url, desk.fingerprint), desk.port
    await desk.stop()
    await desk.start("wrong", port)
    api = HttpDeskApi(open_client(desk.url, context), token="secret" * 8)
    with pytest.raises(WorldError, match=r"service\.certificate"):
        await api.info()
    await api.close()
    assert desk.asked == 0


async def test_nobody_there_and_no_fingerprint(desk):
    with pytest.raises(WorldError, match=r"service\.offline"):
        await pinned_context("https://127.0.0.1:9", "0" * 64)
    with pytest.raises(Invalid):
        clean_fingerprint("not one")
