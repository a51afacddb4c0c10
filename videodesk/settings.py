"""Every option, declared once: type, default, environment name, help. File < environment < flag.

The file is TOML: `--config FILE`, else $VIDEODESK_CONFIG, else videodesk.toml in the user's configuration folder. The
environment's names are VIDEODESK_ + the field in capitals; the flags are the field with dashes.
"""

from __future__ import annotations

import argparse
import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from videodesk.core.errors import Invalid
from videodesk.core.vocabulary import CaseKind, Language

ENVIRONMENT_PREFIX: Final = "VIDEODESK_"
PROGRAMS: Final = "desktop serve demo doctor admin"
LISTS: Final = frozenset({"turn_urls", "tsa_urls", "backups", "redact_first"})
_SEPARATORS: Final = {"backups": ";"}  # its items are phrases; the others' are separated by spaces


def _data_dir() -> Path:
    return Path(platformdirs.user_data_dir("videodesk", appauthor=False))


class Settings(BaseModel):
    """All options of all programs. `json_schema_extra["programs"]` says which commands take the flag."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data_dir: Path = Field(default_factory=_data_dir, description="Folder for the database, the originals and the outbox.",
                           json_schema_extra={"programs": PROGRAMS})
    service: str | None = Field(default=None, description="Address of a desk service to use; without it the desktop starts its own.",
                                json_schema_extra={"programs": "desktop doctor"})
    host: str = Field(default="0.0.0.0", description="Address to listen on.",
                      json_schema_extra={"programs": "desktop serve doctor"})
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=0, description="Port to listen on; 0 takes 8443 or 8080 for serve, a free one for the desktop.",
        json_schema_extra={"programs": "desktop serve doctor"})
    public_url: str | None = Field(default=None, description="Address at which customers reach the service, e.g. https://desk.example.nl.",
                                   json_schema_extra={"programs": "desktop serve doctor"})
    tls_cert: Path | None = Field(default=None, description="Certificate chain (PEM).", json_schema_extra={"programs": "desktop serve doctor"})
    tls_key: Path | None = Field(default=None, description="Private key (PEM).", json_schema_extra={"programs": "desktop serve doctor"})
    self_signed: bool = Field(default=False, description="Make and use a self-signed certificate (for the lab; browsers will warn).",
                              json_schema_extra={"programs": "desktop serve doctor"})
    trust_proxy: bool = Field(default=False, description="Believe X-Forwarded-* headers of a reverse proxy on this machine.",
                              json_schema_extra={"programs": "serve doctor"})
    turn_urls: tuple[str, ...] = Field(default=(), description="TURN addresses, e.g. turn:turn.example.nl:3478?transport=udp (repeat, or separate by spaces).",
                                       json_schema_extra={"programs": "desktop serve doctor"})
    turn_secret: str | None = Field(default=None, description="The TURN server's shared secret (coturn: static-auth-secret).",
                                    json_schema_extra={"programs": "desktop serve doctor", "is_secret": True})
    desk_name: str = Field(default="videodesk", description="Name of your organisation, as customers see it.",
                           json_schema_extra={"programs": "desktop serve admin"})
    phone_number: str = Field(default="", description="Telephone number shown to customers as a way out.",
                              json_schema_extra={"programs": "desktop serve"})
    language: Language | None = Field(default=None, description="Language of the desktop: nl or en; without it the system's.",
                                      json_schema_extra={"programs": "desktop demo"})
    theme: Literal["system", "light", "dark", "contrast"] = Field(default="system", description="Colours of the desktop.",
                                                                  json_schema_extra={"programs": "desktop demo"})
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="How much the log says.",
                                                                    json_schema_extra={"programs": PROGRAMS})
    rewind_s: Annotated[int, Field(ge=10, le=600)] = Field(
        default=120, description="Seconds of a call that can be looked back into.", json_schema_extra={"programs": "desktop"})
    rewind_mb: Annotated[int, Field(ge=4, le=1000)] = Field(
        default=60, description="Memory for that, in megabytes; when it is full, the seconds become fewer.", json_schema_extra={"programs": "desktop"})
    use_keyring: bool = Field(default=True, description="Keep private keys in the system's keyring where there is one; off: in files.",
                              json_schema_extra={"programs": "desktop serve admin"})
    seal_command: str = Field(
        default="", description="Command that signs with a sealing key kept elsewhere: bytes on standard input, ECDSA signature on standard output.",
        json_schema_extra={"programs": "desktop serve admin"})
    seal_command_gets: Literal["data", "digest"] = Field(
        default="data", description="What that command gets: the bytes themselves, or their SHA-256 (32 bytes).",
        json_schema_extra={"programs": "desktop serve admin"})
    seal_chain: Path | None = Field(default=None, description="That key's certificate with its chain up to a root (PEM).",
                                    json_schema_extra={"programs": "desktop serve admin"})
    tsa_urls: tuple[str, ...] = Field(
        default=(), description="Time stamp authorities (RFC 3161), asked in this order, e.g. https://tsa.example.nl/tsr (repeat, or separate by spaces).",
        json_schema_extra={"programs": "desktop serve doctor admin"})
    tsa_roots: Path | None = Field(default=None, description="Root certificates of the time stamp authorities to believe (PEM).",
                                   json_schema_extra={"programs": "desktop serve doctor admin"})
    keep_claim_days: Annotated[int, Field(ge=1, le=36_500)] = Field(
        default=1825, description="Days that a damage claim is kept after it was closed; then it is erased.", json_schema_extra={"programs": "desktop serve admin"})
    keep_advice_days: Annotated[int, Field(ge=1, le=36_500)] = Field(
        default=90, description="The same for a case that is no claim.", json_schema_extra={"programs": "desktop serve admin"})
    keep_short_days: Annotated[int, Field(ge=1, le=36_500)] = Field(
        default=28, description="The same for styling advice.", json_schema_extra={"programs": "desktop serve admin"})
    backups: tuple[str, ...] = Field(
        default=(), description="Where backups of the data folder lie and for how long, e.g. Nightly copy, 30 days; certificates of erasure name "
        "them (repeat, or separate by semicolons).", json_schema_extra={"programs": "desktop serve admin"})
    redact_first: tuple[CaseKind, ...] = Field(
        default=(), description="Kinds of cases whose pictures only their agents see before they are redacted, e.g. home_contents (repeat, or separate "
        "by spaces).", json_schema_extra={"programs": "desktop serve"})
    synthetic_media: bool = Field(default=False, description="Use a drawn camera and a generated tone instead of devices (tests, demo).",
                                  json_schema_extra={"programs": "desktop"})


def add_flags(parser: argparse.ArgumentParser, program: str) -> None:
    """Give `parser` a flag for every option that `program` takes, and --config."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="Settings file (TOML).")
    for name, field in Settings.model_fields.items():
        extra = field.json_schema_extra
        if not isinstance(extra, dict) or program not in str(extra["programs"]).split():
            continue
        flag = "--" + name.replace("_", "-")
        text = f"{field.description} [{ENVIRONMENT_PREFIX}{name.upper()}]".replace("%", "%%")
        if field.annotation is bool:
            parser.add_argument(flag, dest=name, action=argparse.BooleanOptionalAction, default=None, help=text)
        elif name in LISTS:
            parser.add_argument(flag, dest=name, action="append", default=None, metavar="TEXT" if name in _SEPARATORS else "URL", help=text)
        else:
            parser.add_argument(flag, dest=name, default=None, metavar=name.upper(), help=text)


def load(flags: argparse.Namespace | None = None, environment: dict[str, str] | None = None) -> Settings:
    """Settings from file, environment and flags, the later ones stronger. Invalid("settings.invalid", field=…) when one is wrong."""
    given = vars(flags) if flags is not None else {}
    environ = dict(os.environ) if environment is None else environment
    values: dict[str, Any] = _from_file(given.get("config"), environ)
    for name in Settings.model_fields:
        if (text := environ.get(ENVIRONMENT_PREFIX + name.upper())) is not None:
            values[name] = [one.strip() for one in text.split(_SEPARATORS.get(name)) if one.strip()] if name in LISTS else text
        if given.get(name) is not None:
            values[name] = given[name]
    try:
        return Settings(**values)
    except ValidationError as problem:
        first = problem.errors()[0]
        code = "settings.invalid"
        raise Invalid(code, field=".".join(str(part) for part in first["loc"]), problem=first["msg"]) from problem


def _from_file(named: Path | None, environ: dict[str, str]) -> dict[str, Any]:
    path = named or (Path(environ[ENVIRONMENT_PREFIX + "CONFIG"]) if ENVIRONMENT_PREFIX + "CONFIG" in environ else None)
    if path is None:
        path = Path(platformdirs.user_config_dir("videodesk", appauthor=False)) / "videodesk.toml"
        if not path.is_file():
            return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        code = "settings.file_unreadable"
        raise Invalid(code, file=str(path), problem=str(problem)) from problem
