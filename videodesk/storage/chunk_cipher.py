"""Files under AES-256-GCM in chunks, so that any part can be read without the rest and nothing in them can be changed, cut, moved or swapped.

    "VDB1" | salt (16) | size of the plain bytes (8, big-endian) | their SHA-256 (32) | tag of this head (16)
    chunk 0: 65,536 bytes and their tag (16) | chunk 1 | … | the last chunk: what is left (maybe nothing) and its tag

Each file has a key and a beginning of nonces of its own, by HKDF-SHA256 from the case's key and the random salt. A chunk's nonce is that beginning
(7 bytes), the chunk's number (4) and 1 for the last one, else 0: the construction STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015). The head's
ends in 2. The head ties the file to its name, which is the digest: of two files that changed places neither is read.
"""

from __future__ import annotations

import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

CHUNK_BYTES: Final = 65_536
SEALED_BYTES: Final = CHUNK_BYTES + 16
_MAGIC: Final = b"VDB1"
_SALT_BYTES: Final = 16
_PREFIX_BYTES: Final = 7
_FACTS_BYTES: Final = len(_MAGIC) + _SALT_BYTES + 8 + 32
HEAD_BYTES: Final = _FACTS_BYTES + 16


class DamagedError(Exception):
    """The bytes are not what was written, or not with this key."""


class FileCipher:
    """The cipher of one file. Chunks of one file may be opened in any order, from any thread."""

    def __init__(self, key: bytes, salt: bytes | None = None) -> None:
        """A new file's without `salt`."""
        self._salt = secrets.token_bytes(_SALT_BYTES) if salt is None else salt
        made = HKDF(SHA256(), 32 + _PREFIX_BYTES, self._salt, b"videodesk blob 1").derive(key)
        self._aes, self._prefix = AESGCM(made[:32]), made[32:]

    @staticmethod
    def of_head(key: bytes, head: bytes, digest: str, file_bytes: int) -> tuple[FileCipher, int]:
        """The cipher of a file of `file_bytes` that begins with `head`, and the size of its plain bytes.

        DamagedError, also for a file that was cut and for one with another digest.
        """
        if len(head) != HEAD_BYTES or not head.startswith(_MAGIC):
            raise DamagedError
        at = len(_MAGIC) + _SALT_BYTES
        cipher = FileCipher(key, head[len(_MAGIC):at])
        try:
            cipher._aes.decrypt(cipher._nonce(0, 2), head[_FACTS_BYTES:], head[:_FACTS_BYTES])
        except InvalidTag as problem:
            raise DamagedError from problem
        size_bytes = int.from_bytes(head[at:at + 8], "big")
        if head[at + 8:_FACTS_BYTES].hex() != digest or file_bytes != sealed_size(size_bytes):
            raise DamagedError
        return cipher, size_bytes

    def head(self, size_bytes: int, digest: str) -> bytes:
        """The file's head, once all is known."""
        facts = _MAGIC + self._salt + size_bytes.to_bytes(8, "big") + bytes.fromhex(digest)
        return facts + self._aes.encrypt(self._nonce(0, 2), b"", facts)

    def seal(self, number: int, chunk: bytes | memoryview, *, is_last: bool) -> bytes:
        """A chunk as it is written; all but the last have CHUNK_BYTES."""
        return self._aes.encrypt(self._nonce(number, int(is_last)), chunk, None)

    def open(self, number: int, sealed: bytes | memoryview, *, is_last: bool) -> bytes:
        """The chunk again. DamagedError."""
        try:
            return self._aes.decrypt(self._nonce(number, int(is_last)), sealed, None)
        except (InvalidTag, ValueError) as problem:
            raise DamagedError from problem

    def _nonce(self, number: int, last: int) -> bytes:
        return self._prefix + number.to_bytes(4, "big") + bytes((last,))


def last_chunk(size_bytes: int) -> int:
    """The number of the last chunk: there is always one, of an empty file it is empty."""
    return max(0, size_bytes - 1) // CHUNK_BYTES


def sealed_size(size_bytes: int) -> int:
    """How long the file is whose plain bytes are `size_bytes`."""
    return HEAD_BYTES + size_bytes + 16 * (last_chunk(size_bytes) + 1)
