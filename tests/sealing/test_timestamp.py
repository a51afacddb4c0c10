"""An RFC 3161 token counts only when it is of the right digest, the right request, and an authority whose root is configured."""

from __future__ import annotations

import hashlib
import subprocess

import pytest
from rfc3161_client import decode_timestamp_response

from tests.sealing.authority import GEN_TIME, _key, certificate, root, root_pem, running
from videodesk.core.errors import DeskError, Invalid, WorldError
from videodesk.sealing.timestamp import HttpTimestampAuthority, checked, load_roots, open_authorities, request_for

DATA = b"the head of a log"
DIGEST = hashlib.sha256(DATA).hexdigest()


def code_of(work):
    with pytest.raises(DeskError) as caught:
        work()
    return caught.value.code


def test_a_token_says_when_and_can_be_checked_again_without_the_network():
    with running() as authority:
        stamp = HttpTimestampAuthority(authority.url, [root()]).stamp(DIGEST)
    assert (stamp.digest, stamp.authority, stamp.stamped_at) == (DIGEST, authority.url, GEN_TIME)
    assert checked(stamp.token, DIGEST, [root()]) == GEN_TIME


@pytest.mark.parametrize(("mode", "code"), [
    ("hanging", "timestamp.unreachable"), ("dripping", "timestamp.unreachable"), ("broken", "timestamp.unreachable"),
    ("refusing", "timestamp.refused"), ("forbidden", "timestamp.refused"),
    ("garbage", "timestamp.invalid"), ("endless", "timestamp.invalid"), ("wrong_nonce", "timestamp.invalid"),
    ("wrong_imprint", "timestamp.invalid"), ("expired", "timestamp.invalid"), ("look_alike", "timestamp.invalid"),
    ("not_for_time", "timestamp.invalid"),
])
def test_an_authority_that_misbehaves_gives_no_stamp(mode, code):
    with running(mode) as authority:
        asked = HttpTimestampAuthority(authority.url, [root()], deadline_s=0.3 if mode in {"hanging", "dripping"} else 5.0)
        assert code_of(lambda: asked.stamp(DIGEST)) == code
        assert authority.asked == 1


def test_nobody_there_is_unreachable():
    with running() as authority:
        url = authority.url
    assert code_of(lambda: HttpTimestampAuthority(url, [root()]).stamp(DIGEST)) == "timestamp.unreachable"
    assert code_of(lambda: HttpTimestampAuthority("no address at all", [root()]).stamp(DIGEST)) == "timestamp.unreachable"


def test_what_is_no_digest_is_never_sent():
    with running() as authority:
        with pytest.raises(Invalid):
            HttpTimestampAuthority(authority.url, [root()]).stamp("nonsense")
        assert authority.asked == 0


def test_every_byte_of_a_token_counts():
    """But for bytes that only say the same thing otherwise, a changed byte makes it invalid; what still passes says the same time and digest."""
    with running() as authority:
        token = HttpTimestampAuthority(authority.url, [root()]).stamp(DIGEST).token
    passed = []
    for place in range(len(token)):
        flipped = bytes([*token[:place], token[place] ^ 1, *token[place + 1:]])
        try:
            assert checked(flipped, DIGEST, [root()]) == GEN_TIME
            passed.append(place)
        except WorldError:
            pass
    assert len(passed) < len(token) // 10, len(passed)


def test_openssl_agrees(tmp_path):
    with running() as authority:
        stamp = HttpTimestampAuthority(authority.url, [root()]).stamp(DIGEST)
    (tmp_path / "token.tsr").write_bytes(stamp.token)
    (tmp_path / "root.pem").write_text(root_pem())
    (tmp_path / "data").write_bytes(DATA)

    def verify(data):
        return subprocess.run(
            ["openssl", "ts", "-verify", "-in", "token.tsr", "-data", data, "-CAfile", "root.pem"], check=False, cwd=tmp_path,
            capture_output=True, text=True)

    assert verify("data").returncode == 0, verify("data").stderr
    (tmp_path / "other").write_bytes(DATA + b"!")
    assert verify("other").returncode != 0


def test_authorities_come_with_roots_or_not_at_all(tmp_path):
    assert open_authorities((), None) == ()
    (tmp_path / "roots.pem").write_text(root_pem() + root_pem("Another Root"))
    (tmp_path / "none.pem").write_text("nothing")
    made = open_authorities(("http://a.example/", "http://b.example/"), tmp_path / "roots.pem")
    assert [one.name for one in made] == ["http://a.example/", "http://b.example/"]
    assert len(load_roots(tmp_path / "roots.pem")) == 2
    for file in (None, tmp_path / "none.pem", tmp_path / "missing.pem"):
        assert code_of(lambda file=file: open_authorities(("http://a.example/",), file)) == "settings.invalid"


def test_the_authority_of_the_tests_is_what_it_says():
    assert certificate().issuer == root().subject


def test_certificates_in_no_order_are_no_reason_to_refuse(tmp_path):
    """What openssl's own authority answers."""
    from cryptography.hazmat.primitives import serialization
    pem = serialization.Encoding.PEM
    (tmp_path / "tsa.pem").write_bytes(certificate().public_bytes(pem))
    (tmp_path / "tsa.key").write_bytes(_key("authority").private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    (tmp_path / "chain.pem").write_text(root_pem() + root_pem("Another Root"))
    (tmp_path / "serial").write_text("01")
    (tmp_path / "tsa.cnf").write_text(
        "[tsa]\ndefault_tsa=t\n[t]\nserial=./serial\nsigner_cert=./tsa.pem\ncerts=./chain.pem\nsigner_key=./tsa.key\nsigner_digest=sha256\n"
        "default_policy=1.2.3.4.1\ndigests=sha256\naccuracy=secs:1\ness_cert_id_chain=no\ness_cert_id_alg=sha256\n")
    (tmp_path / "request.tsq").write_bytes(request_for(bytes.fromhex(DIGEST), 77))
    subprocess.run(["openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "request.tsq", "-out", "token.tsr"], cwd=tmp_path, check=True,
                   capture_output=True)
    token = (tmp_path / "token.tsr").read_bytes()
    with pytest.raises(ValueError, match="InvalidSetOrdering"):
        decode_timestamp_response(token)
    assert checked(token, DIGEST, [root()], nonce=77).tzinfo is not None
    assert code_of(lambda: checked(token, DIGEST, [root("Another Root")], nonce=77)) == "timestamp.invalid"
    assert code_of(lambda: checked(token, DIGEST, [root()], nonce=78)) == "timestamp.invalid"


def test_the_account_in_an_address_is_used_and_never_told():
    with running() as authority:
        asked = HttpTimestampAuthority(authority.url.replace("http://", "http://desk:secret@"), [root()])
        assert asked.stamp(DIGEST).authority == asked.name == authority.url
        assert authority.headers["Authorization"] == "Basic ZGVzazpzZWNyZXQ="
