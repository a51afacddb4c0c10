"""A network of three hosts in namespaces, where the agent and the customer reach only the TURN server between them.

    agent 10.77.1.2 ── 10.77.1.1 ┐ relay host 10.77.0.1 ┌ 10.77.2.1 ── 10.77.2.2 customer

The relay host would forward between the two; its firewall forbids it, counts what it refused, and lets in only what is for the one
listening port of the transport under test. The other two let in only what comes from that port: no relayed address reaches them
directly. So the sole way is agent → relay → relay → customer.
"""

import contextlib
import ctypes
import ipaddress
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from videodesk.core.clock import SystemClock

RELAY, AGENT, CUSTOMER, NOBODY = "10.77.0.1", "10.77.1.2", "10.77.2.2", "10.77.0.66"
PORTS = {"udp": 3478, "tcp": 3478, "tls": 5349}
SECRET = "a shared secret of the lab"
CLONE_NEWNET = 0x40000000


def why_not() -> str | None:
    """Why this machine cannot have the lab, or None."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    missing = [program for program in ("ip", "nft", "nsenter", "unshare", "turnserver") if shutil.which(program) is None]
    if missing:
        return f"missing: {', '.join(missing)}"
    allowed = subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False).returncode == 0
    return None if allowed else "this container may not make network namespaces"


def run(*command: str, text: str | None = None) -> str:
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout


class Lab:
    """The three namespaces while they stand."""

    def __init__(self, transport: str, folder: Path) -> None:
        self.transport, self.folder = transport, folder
        stem = f"vd{os.getpid()}"
        self.relay, self.agent, self.customer = f"{stem}r", f"{stem}a", f"{stem}c"

    def open(self) -> None:
        for name in (self.relay, self.agent, self.customer):
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        run("ip", "-n", self.relay, "address", "add", f"{RELAY}/32", "dev", "lo")
        for name, device, address, gateway in ((self.agent, "toagent", AGENT, "10.77.1.1"), (self.customer, "tocustomer", CUSTOMER, "10.77.2.1")):
            run("ip", "link", "add", "wire", "netns", name, "type", "veth", "peer", "name", device, "netns", self.relay)
            for where, what, own in ((name, "wire", address), (self.relay, device, gateway)):
                run("ip", "-n", where, "address", "add", f"{own}/24", "dev", what)
                run("ip", "-n", where, "link", "set", what, "up")
            run("ip", "-n", name, "route", "add", "default", "via", gateway)
        for name in (self.relay, self.agent, self.customer):
            with self.inside(name):
                Path("/proc/sys/net/ipv4/ip_forward").write_text("1" if name == self.relay else "0")
                Path("/proc/sys/net/ipv6/conf/all/disable_ipv6").write_text("1")
        layer, port = "udp" if self.transport == "udp" else "tcp", PORTS[self.transport]
        from_relay = f"policy drop; iif lo accept; ip saddr {RELAY} {layer} sport {port} accept;"
        to_relay = f"policy drop; iif lo accept; ip daddr {RELAY} {layer} dport {port} accept;"
        refuse = "counter direct { }; chain forward { type filter hook forward priority 0; policy drop; counter name direct; };"
        # Nobody drops what it sends itself: send() would fail then, and coturn gives up a relayed address whose send() fails.
        for name, rule, more in ((self.relay, to_relay, refuse), (self.agent, from_relay, ""), (self.customer, from_relay, "")):
            run("ip", "netns", "exec", name, "nft", "-f", "-",
                text=f"table ip lab {{ {more} chain input {{ type filter hook input priority 0; {rule} }}; }}")

    def close(self) -> None:
        for name in (self.relay, self.agent, self.customer):
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)

    def refused_directly(self) -> int:
        """How many packets from one host to the other the firewall refused."""
        words = run("ip", "netns", "exec", self.relay, "nft", "list", "counter", "ip", "lab", "direct").split()
        return int(words[words.index("packets") + 1])

    @contextlib.contextmanager
    def inside(self, name: str) -> Iterator[None]:
        """This thread's sockets, files of /proc/sys and children belong to the namespace."""
        libc = ctypes.CDLL(None, use_errno=True)
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        there = os.open(f"/run/netns/{name}", os.O_RDONLY)
        try:
            assert libc.setns(there, CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
            yield
        finally:
            assert libc.setns(home, CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
            os.close(home)
            os.close(there)

    def program_in(self, name: str, program: Path) -> Path:
        """A script that starts `program` in the namespace."""
        script = self.folder / f"{program.name}-there"
        script.write_text(f'#!/bin/sh\nexec nsenter --net=/run/netns/{name} {program} "$@"\n')
        script.chmod(0o755)
        return script


@contextlib.contextmanager
def coturn(lab: Lab) -> Iterator[None]:
    """Debian's coturn on the relay host, with credentials by REST secret."""
    port = PORTS[lab.transport]
    listening = [f"--tls-listening-port={port}", f"--cert={lab.folder / 'turn.pem'}", f"--pkey={lab.folder / 'turn.key'}"]
    if lab.transport == "tls":
        make_certificates(lab.folder)
    else:
        listening = [f"--listening-port={port}", "--no-tls"]
    log = lab.folder / "coturn.log"
    with lab.inside(lab.relay), log.open("wb") as lines:
        process = subprocess.Popen(
            ["turnserver", "-n", "--use-auth-secret", f"--static-auth-secret={SECRET}", "--realm=desk.test", f"--listening-ip={RELAY}",
             f"--relay-ip={RELAY}", *listening, "--no-dtls", "--no-cli", f"--pidfile={lab.folder / 'pid'}", f"--userdb={lab.folder / 'db'}",
             "--log-file=stdout", "--simple-log"], stdout=lines, stderr=subprocess.STDOUT, cwd=lab.folder)
        try:
            wait_until_it_listens(process, log, port)
        except BaseException:
            process.kill()
            process.wait()
            raise
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_it_listens(process: subprocess.Popen, log: Path, port: int) -> None:
    deadline = SystemClock().monotonic() + 60
    # The kernel's table of listening TCP sockets of this thread's namespace; coturn opens TCP beside UDP.
    while f":{port:04X} 00000000:0000 0A" not in Path("/proc/thread-self/net/tcp").read_text():
        assert process.poll() is None, log.read_text()
        assert SystemClock().monotonic() < deadline, log.read_text()


def make_certificates(folder: Path, host: str = RELAY) -> None:
    """An authority of our own (ca.pem) and the relay host's certificate (turn.pem, turn.key)."""
    now = SystemClock().now()
    keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("ca", "turn")}
    names = {name: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"lab {name}")]) for name in keys}
    for name, key in keys.items():
        builder = (
            x509.CertificateBuilder().subject_name(names[name]).issuer_name(names["ca"]).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=name == "ca", path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(keys["ca"].public_key()), critical=False))
        if name == "turn":
            builder = (
                builder.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False)
                .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False))
        certificate = builder.sign(keys["ca"], hashes.SHA256())
        (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (folder / f"{name}.key").write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
