"""Self-check that a person can run: what works, what does not, what to do about it. The terminal speaks English."""

from __future__ import annotations

import contextlib
import ctypes.util
import importlib.metadata
import importlib.util
import ipaddress
import json
import os
import shutil
import socket
import ssl
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from videodesk.core.clock import SystemClock
from videodesk.settings import Settings

_MIN_FREE_BYTES: Final = 2 * 1024**3
_MIN_CERTIFICATE_DAYS: Final = 14
_MAX_APART_S: Final = 10.0
# What Qt's xcb plugin loads; when one is missing it names another one in its message.
_XCB_LIBRARIES: Final = ("xcb-cursor", "xcb-icccm", "xcb-image", "xcb-keysyms", "xcb-render-util", "xcb-xinerama", "xcb-xkb",
                         "xkbcommon-x11", "EGL")


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. `fix` says what to do, empty when nothing needs doing."""

    check: str
    level: Level
    text: str
    fix: str = ""


def run(settings: Settings, *, as_json: bool = False) -> int:
    """Print the findings; 1 when there is a problem."""
    found = list(examine(settings))
    if as_json:
        print(json.dumps([asdict(finding) for finding in found], indent=2))
    else:
        _print(found)
    return int(any(finding.level is Level.PROBLEM for finding in found))


def examine(settings: Settings) -> Iterator[Finding]:
    """All checks, in the order in which a person would look. A check that itself fails is a problem, not a crash."""
    checks: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
        _python, _screen, _storage, _clock, _address, _certificate, _port, _turn, _network, _time, _devices, _secrets, _reading, _browser)
    for check in checks:
        name = check.__name__.removeprefix("_")
        try:
            yield from check(settings)
        except Exception as problem:  # noqa: BLE001 - one of the three places: a broken check is a finding
            yield Finding(name, Level.PROBLEM, f"This check itself failed: {type(problem).__name__}: {problem}",
                          "Please report this with the output of videodesk --version.")


def _print(found: list[Finding]) -> None:
    marks = {Level.OK: "✓", Level.WARNING: "!", Level.PROBLEM: "✗"}
    for finding in found:
        print(f" {marks[finding.level]} {finding.check:<12} {finding.text}")
        for line in finding.fix.splitlines():
            print(f"   {'':<12} → {line}")
    problems = sum(finding.level is Level.PROBLEM for finding in found)
    warnings = sum(finding.level is Level.WARNING for finding in found)
    print()
    if problems:
        print(f"{problems} problem{'s' if problems > 1 else ''} to fix before a call can work.")
    else:
        print("Ready for a call." if not warnings else f"A call can work; {warnings} thing{'s' if warnings > 1 else ''} to know about.")


def _python(_settings: Settings) -> Iterator[Finding]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    qt = importlib.metadata.version("PySide6")
    if sys.version_info < (3, 12) and tuple(int(part) for part in qt.split(".")[:2]) >= (6, 12):
        yield Finding("python", Level.PROBLEM, f"PySide6 {qt} on Python {version} ends the program within minutes.",
                      "Install PySide6 below 6.12, or Python 3.12 or newer: packaging/run does it.")
    else:
        yield Finding("python", Level.OK, f"Python {version}, PySide6 {qt}, aiortc {importlib.metadata.version('aiortc')}, "
                      f"av {importlib.metadata.version('av')}")


def _screen(_settings: Settings) -> Iterator[Finding]:
    if sys.platform != "linux":
        yield Finding("screen", Level.OK, f"{sys.platform} has a screen of its own")
        return
    missing = [name for name in _XCB_LIBRARIES if ctypes.util.find_library(name) is None]
    if missing:
        yield Finding("screen", Level.PROBLEM, "Qt cannot open a window: missing " + ", ".join(f"lib{name}" for name in missing),
                      "Run packaging/run: it installs them, or names their Debian packages.")
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        yield Finding("screen", Level.OK, "There is a display.")
    else:
        yield Finding("screen", Level.WARNING, "There is no display here: the desktop app cannot open.",
                      "Start it from a graphical session; videodesk serve and videodesk demo work without one.")


def _storage(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder) as probe:
            probe.write(b"probe")
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as problem:
        yield Finding("storage", Level.PROBLEM, f"Cannot write to {folder}: {problem.strerror}",
                      "Give your account the right to write there, or choose another folder with --data-dir.")
        return
    free = shutil.disk_usage(folder).free
    text = f"{folder}: writable, {free / 1024**3:.1f} GB free"
    if free < _MIN_FREE_BYTES:
        yield Finding("storage", Level.PROBLEM, text, "Free some space: with a full disk no snapshot can be kept.")
    else:
        yield Finding("storage", Level.OK, text)


def _clock(_settings: Settings) -> Iterator[Finding]:
    now = SystemClock().now()
    built = datetime(2026, 11, 1, tzinfo=UTC)
    if now < built:
        yield Finding("clock", Level.PROBLEM, f"The clock says {now:%Y-%m-%d %H:%M} UTC, which is in the past.",
                      "Set the clock (timedatectl set-ntp true): times of evidence come from it.")
        return
    synchronised = Path("/run/systemd/timesync/synchronized").exists()
    yield Finding("clock", Level.OK if synchronised else Level.WARNING,
                  f"{now:%Y-%m-%d %H:%M:%S} UTC" + ("" if synchronised else "; whether it is kept in step by a time server is not known here"),
                  "" if synchronised else "Check it with timedatectl, or your system's own way.")


def why_customers_cannot(url: str) -> str | None:
    """Why a customer's browser would refuse the camera on `url`; None when it would not (W3C Secure Contexts)."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https":
        return None
    loopback = host == "localhost" or host.endswith(".localhost")
    if not loopback:
        try:
            loopback = ipaddress.ip_address(host).is_loopback
        except ValueError:
            loopback = False
    return None if loopback else "a browser gives the camera only to an https address (or to localhost, on this computer itself)"


def _address(settings: Settings) -> Iterator[Finding]:
    url = settings.public_url or settings.service
    if url is None:
        secure = bool(settings.self_signed or settings.tls_cert)
        url = f"{'https' if secure else 'http'}://{_lan_address() or 'localhost'}"
    reason = why_customers_cannot(url)
    if reason:
        yield Finding("join link", Level.PROBLEM, f"{url} is not usable for customers: {reason}.",
                      "For the lab: --self-signed (the phone warns once). For real: a certificate for a public name (--tls-cert, --tls-key),\n"
                      "or a reverse proxy that has one (--trust-proxy --public-url https://…).")
    elif settings.self_signed and not settings.tls_cert:
        yield Finding("join link", Level.WARNING, f"{url} works, but browsers warn about its self-signed certificate.",
                      "Fine for the lab. Never ask a customer to accept such a warning.")
    else:
        yield Finding("join link", Level.OK, f"{url} is usable: a browser will give the camera.")


def _lan_address() -> str | None:
    # Connecting a datagram socket sends nothing; it only asks the routing table.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        return str(probe.getsockname()[0])


def _certificate(settings: Settings) -> Iterator[Finding]:
    if settings.tls_cert is None and settings.tls_key is None:
        return
    if settings.tls_cert is None or settings.tls_key is None:
        yield Finding("certificate", Level.PROBLEM, "Certificate and key go together.", "Give both --tls-cert and --tls-key.")
        return
    from cryptography import x509

    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(settings.tls_cert, settings.tls_key)
        certificate = x509.load_pem_x509_certificate(settings.tls_cert.read_bytes())
    except (OSError, ssl.SSLError, ValueError) as problem:
        yield Finding("certificate", Level.PROBLEM, f"Cannot use {settings.tls_cert}: {problem}", "Both files must be PEM and belong together.")
        return
    days = (certificate.not_valid_after_utc - SystemClock().now()).days
    names = _names(certificate)
    host = urlsplit(settings.public_url or "").hostname
    if days < _MIN_CERTIFICATE_DAYS:
        yield Finding("certificate", Level.PROBLEM if days < 0 else Level.WARNING, f"It ends in {days} days.", "Renew it.")
    if host and host not in names and not any(name.startswith("*.") and host.split(".", 1)[-1] == name[2:] for name in names):
        yield Finding("certificate", Level.PROBLEM, f"It is for {', '.join(names) or 'nobody'}, not for {host}.", "Get one for this name.")
    elif days >= _MIN_CERTIFICATE_DAYS:
        yield Finding("certificate", Level.OK, f"For {', '.join(names)}; {days} days left")


def _names(certificate: object) -> list[str]:
    from cryptography import x509

    if not isinstance(certificate, x509.Certificate):
        return []
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [*names.get_values_for_type(x509.DNSName), *(str(address) for address in names.get_values_for_type(x509.IPAddress))]


def _port(settings: Settings) -> Iterator[Finding]:
    if settings.service is not None or settings.port == 0:
        return
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as problem:
            yield Finding("port", Level.PROBLEM, f"Port {settings.port} cannot be used: {problem.strerror}",
                          "Stop the program that has it, or choose another with --port.")
        else:
            yield Finding("port", Level.OK, f"Port {settings.port} is free.")


def _turn(settings: Settings) -> Iterator[Finding]:
    if settings.service is not None:
        return  # its own servers are asked below
    if not settings.turn_urls:
        yield Finding("turn", Level.WARNING, "No TURN server is set: calls work where the two sides can reach each other directly.",
                      "For customers on mobile networks run coturn and set --turn-urls and --turn-secret.")
        return
    if not settings.turn_secret:
        yield Finding("turn", Level.PROBLEM, "TURN addresses without a secret.", "Set --turn-secret to coturn's static-auth-secret.")
        return
    yield from _line(settings)


def _network(settings: Settings) -> Iterator[Finding]:
    """The service of --service, and the servers that it gives for a call."""
    if settings.service is not None:
        yield from _line(settings)


def _line(settings: Settings) -> Iterator[Finding]:
    """The network test: what was asked, line by line, and what it means for calls."""
    from videodesk.bootstrap import try_line
    from videodesk.calls.line_report import RELAY_STEPS, StepState, advise
    from videodesk.desktop.line_words import advice_text, step_name, step_result

    report = try_line(settings, lambda _result: None)
    has_relay = any(one.state is StepState.OK for step in RELAY_STEPS[1:] for one in report.of(step))
    for step in report.steps:
        if step.state is StepState.SKIPPED:
            continue
        is_relay, fix = step.step in RELAY_STEPS[1:], ""
        level = Level.OK if step.state is StepState.OK else Level.PROBLEM
        if level is Level.PROBLEM and (step.step in {"stun", "up", "down"} or (is_relay and has_relay)):
            level = Level.WARNING
        if level is not Level.OK and is_relay:
            fix = "Is coturn running there, is the port open, is the secret the same?"
        yield Finding("turn" if is_relay else step.step, level, f"{step_name(step)}, {step.where}: {step_result(step)}", fix)
    levels = {"ok": Level.OK, "neutral": Level.OK, "warning": Level.WARNING, "danger": Level.WARNING}  # the problem itself was counted above
    for advice in advise(report):
        yield Finding("network", levels[advice.level], advice_text(advice))


def _time(settings: Settings) -> Iterator[Finding]:
    if not settings.tsa_urls:
        yield Finding("time", Level.WARNING, "No time stamp authority is set: when a picture was made is only this computer's word.",
                      "Set --tsa-urls to an RFC 3161 authority (a qualified one for court) and --tsa-roots to the file with its root certificates.")
        return
    from videodesk.bootstrap import try_authority

    for address in settings.tsa_urls:
        reason, apart_s = try_authority(settings, address)
        parts = urlsplit(address)
        url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()  # without an account that may be in it
        if reason is not None:
            yield Finding("time", Level.PROBLEM, f"{url}: {reason}", "Is the address right, and is its root in the file of --tsa-roots?")
        elif abs(apart_s) > _MAX_APART_S:
            yield Finding("time", Level.WARNING, f"{url} answers, but its clock and this computer's are {apart_s:+.0f} s apart.",
                          "Set this computer's clock (timedatectl set-ntp true): more than a minute is shown with every picture.")
        else:
            yield Finding("time", Level.OK, f"{url} gave a time stamp that checks; the clocks are {apart_s:+.1f} s apart.")


def _devices(settings: Settings) -> Iterator[Finding]:
    from videodesk.bootstrap import list_devices

    found = list_devices(settings)
    for kind, without in (("camera", "the customer will see your initials"), ("microphone", "the customer will not hear you"),
                          ("speaker", "you will not hear the customer")):
        labels = [device.label for device in found if device.kind == kind]
        if labels:
            yield Finding(kind, Level.OK, ", ".join(labels))
        else:
            yield Finding(kind, Level.WARNING, f"None found: {without}.", f"Connect a {kind} if you want one, then look in Settings.")


def _secrets(_settings: Settings) -> Iterator[Finding]:
    import keyring
    from keyring.backends.fail import Keyring as NoKeyring

    if isinstance(keyring.get_keyring(), NoKeyring):
        yield Finding("keyring", Level.WARNING, "No system keyring: the sign-in is kept in a file that only you can read.",
                      "On Linux install gnome-keyring or KWallet to have one.")
    else:
        yield Finding("keyring", Level.OK, "The sign-in is kept in the system keyring.")


def _reading(_settings: Settings) -> Iterator[Finding]:
    """What reads labels. opencv-python and the headless wheel both bring the folder cv2, and the one that came last has it."""
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        yield Finding("opencv", Level.WARNING, f"opencv-python {importlib.metadata.version('opencv-python')} is installed beside the headless one: "
                      "it brings a Qt of its own, which can keep windows from opening.",
                      "pip uninstall opencv-python; then pip install --force-reinstall --no-deps opencv-python-headless")
    codes = f"zxing-cpp {importlib.metadata.version('zxing-cpp')} reads barcodes, QR and DataMatrix"
    if all(importlib.util.find_spec(name) is not None for name in ("rapidocr", "onnxruntime")):
        yield Finding("labels", Level.OK, f"{codes}; rapidocr {importlib.metadata.version('rapidocr')} reads printed text.")
    else:
        yield Finding("labels", Level.OK, f"{codes}. Printed text is not read: the optional extra ocr is not installed.",
                      f"To have it (135 MB; its models come along, nothing is downloaded later):\n"
                      f"{sys.executable} -m pip install 'rapidocr>=3.10' 'onnxruntime>=1.23'")


def _browser(_settings: Settings) -> Iterator[Finding]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path:
        yield Finding("demo", Level.OK, f"{path} can play the customer in videodesk demo.")
    else:
        yield Finding("demo", Level.WARNING, "No Chromium here: videodesk demo has no customer.", "Install Debian's package chromium.")
