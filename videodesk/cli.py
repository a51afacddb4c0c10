"""The command line: videodesk [desktop] · serve · demo · doctor · admin · export · verify. Each --help is written for a person.

Exit codes: 0 done; 1 it failed and said why; 2 the command line was wrong; 130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from getpass import getpass
from pathlib import Path
from typing import Final

import videodesk
from videodesk.core.errors import DeskError
from videodesk.core.vocabulary import Language
from videodesk.settings import add_flags, load

_COMMANDS: Final = ("desktop", "serve", "demo", "doctor", "admin", "export", "verify")

_DESCRIPTION: Final = """\
Video calls with customers, and evidence that can be proved later.

Without a command the desktop app opens; it starts a desk service of its own, unless --service names one."""

_EPILOG: Final = """\
commands:
  videodesk                  open the desktop app (the same as: videodesk desktop)
  videodesk serve            run the desk service alone, for a team
  videodesk demo             play a whole call by itself and keep what came out of it
  videodesk doctor           check this machine and say what to fix
  videodesk export CASE      write the evidence package of a case
  videodesk verify FILE…     check a package, a picture or a report
  videodesk admin            people: list, create, disable, enable, roles, password; keys

Each command has its own --help. Options can also stand in a settings file (--config) or in the environment
(VIDEODESK_PORT=8443 is the same as --port 8443); a flag is stronger than the environment, that than the file."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or (given[0] not in _COMMANDS and given[0] not in {"-h", "--help", "--version"}):
        given.insert(0, "desktop")
    parsed = _parser().parse_args(given)
    command: Callable[[argparse.Namespace], int] = parsed.run
    try:
        return command(parsed)
    except DeskError as problem:
        print(f"videodesk: {_sentence(problem)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _sentence(problem: DeskError) -> str:
    """The error's text in English: the command line speaks English, as terminals do."""
    from videodesk.bootstrap import error_text

    return error_text(problem)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="videodesk", description=_DESCRIPTION, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", action="version", version=f"videodesk {videodesk.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="", help=argparse.SUPPRESS)

    desktop = commands.add_parser(
        "desktop", help="open the desktop app",
        description="Open the desktop app. It runs its own desk service on this computer, unless --service names another.")
    desktop.add_argument("open", nargs="?", metavar="LINK", help="A videodesk:// link to open, e.g. videodesk://case/VD-2026-000001.")
    desktop.add_argument("--driver", metavar="SOCKET", help=argparse.SUPPRESS)
    add_flags(desktop, "desktop")
    desktop.set_defaults(run=_desktop)

    serve = commands.add_parser(
        "serve", help="run the desk service alone",
        description="Run the desk service for a team. Customers' cameras need HTTPS: give a certificate (--tls-cert, --tls-key), "
        "stand behind a reverse proxy (--trust-proxy, --public-url), or use --self-signed in the lab.")
    add_flags(serve, "serve")
    serve.set_defaults(run=_serve)

    demo = commands.add_parser(
        "demo", help="play a whole call by itself",
        description="Play the whole job with a real desk service, the real desktop app and a real browser as the customer: "
        "invitation, call, snapshot, annotation with a redaction, review with a retake. Takes about a minute.")
    demo.add_argument("--out", type=Path, metavar="DIR", help="Where to keep the case record, the pictures and the screenshots "
                      "[default: videodesk-demo in this folder].")
    demo.add_argument("--keep-open", action="store_true", help="Leave everything running at the end, until Ctrl+C.")
    add_flags(demo, "demo")
    demo.set_defaults(run=_demo)

    doctor = commands.add_parser(
        "doctor", help="check this machine",
        description="Check this machine and its settings: what works, what does not, and what to do about it. "
        "Exit code 1 when a call could not work.")
    doctor.add_argument("--json", action="store_true", help="Print the findings as JSON.")
    add_flags(doctor, "doctor")
    doctor.set_defaults(run=_doctor)

    _add_admin(commands)
    _add_evidence(commands)
    return parser


def _add_evidence(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    export = commands.add_parser(
        "export", help="write the evidence package of a case",
        description="Write the evidence package of a case: a ZIP file that anybody can check, without a network and without trust in who sent it. "
        "Works on the database directly. That the evidence left the desk is entered in the custody log.")
    export.add_argument("case", metavar="CASE", help="The case's number or id.")
    export.add_argument("--out", type=Path, required=True, metavar="FILE", help="Where to write it.")
    export.add_argument("--outside", action="store_true", help="A copy for outside: nothing in it shows what a redaction hides.")
    export.add_argument("--language", choices=("nl", "en"), default="nl", help="Language of the report and of verify.html [default: %(default)s].")
    add_flags(export, "admin")
    export.set_defaults(run=_export)

    verify = commands.add_parser(
        "verify", help="check a package, a picture or a report",
        description="Say what can be concluded about files: packages (ZIP, or an unpacked folder), pictures, reports. Asks no network. "
        "Exit code 0 only when all are genuine, 1 when not.")
    verify.add_argument("files", nargs="+", type=Path, metavar="FILE")
    verify.add_argument("--root", action="append", default=[], metavar="FILE|FINGERPRINT",
                        help="Whose seal it must be: the desk's root certificate (PEM) or its SHA-256 fingerprint; repeat for more "
                        "[default: the root of the desk on this computer].")
    verify.add_argument("--json", action="store_true", help="Print the verdict as JSON.")
    verify.add_argument("--all", action="store_true", help="Name each file of a package, not only pictures and what is not in order.")
    verify.add_argument("--language", choices=("nl", "en"), default="en", help="Language of the words [default: %(default)s].")
    add_flags(verify, "admin")
    verify.set_defaults(run=_verify)


def _add_admin(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    admin = commands.add_parser(
        "admin", help="people, roles and keys",
        description="Look after the people and the keys of this desk. Works on the database directly, so it also helps when nobody can sign in.")
    actions = admin.add_subparsers(dest="action", required=True, metavar="ACTION")

    def action(name: str, text: str, *, takes_name: bool = True) -> argparse.ArgumentParser:
        made = actions.add_parser(name, help=text, description=text)
        if takes_name:
            made.add_argument("name", help="Sign-in name.")
        add_flags(made, "admin")
        made.set_defaults(run=_admin)
        return made

    action("list", "List everyone with their roles.", takes_name=False)
    create = action("create", "Create a person. Asks for the password, or reads it from standard input when that is not a terminal.")
    create.add_argument("--display-name", help="Name as colleagues and customers see it [default: the sign-in name].")
    create.add_argument("--role", action="append", choices=("agent", "supervisor", "administrator"), default=None,
                        help="A role; repeat for more [default: agent].")
    action("disable", "Disable a person: signed out everywhere at once, no way in any more.")
    action("enable", "Enable a disabled person again.")
    action("password", "Set a new password and sign the person out everywhere.")
    roles = action("roles", "Set a person's roles (the ones named, and no others).")
    roles.add_argument("--role", action="append", choices=("agent", "supervisor", "administrator"), required=True)
    _add_keys(actions)
    _add_log(actions)
    _add_retention(actions)


def _add_retention(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "Look after what is kept too long: list, run. A running service erases what is due by itself."
    kept = actions.add_parser("retention", help=text, description=text).add_subparsers(dest="retention_action", required=True, metavar="ACTION")
    for name, what in (("list", "List the cases whose time is over, and how long each class is kept."),
                       ("run", "Erase for good, now, the cases whose time is over. Never one under a legal hold.")):
        made = kept.add_parser(name, help=what, description=what)
        add_flags(made, "admin")
        made.set_defaults(run=_retention)


def _add_log(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    log = actions.add_parser(
        "log", help="Check the custody log: verify, checkpoint.",
        description="Check the custody log, entry by entry, against its signed heads.").add_subparsers(dest="log_action", required=True, metavar="ACTION")
    verify = log.add_parser("verify", help="Check every entry and name the first that is not in order.",
                            description="Check every entry; names the first altered, removed, reordered or cut-off one. Exit code 1 when there is one.")
    verify.add_argument("--checkpoint", type=Path, metavar="FILE", help="A head that was noted earlier: shows also what was cut off with its heads.")
    checkpoint = log.add_parser("checkpoint", help="Note the newest head, to compare with later.",
                                description="Note the newest head. Keep it where this computer cannot write.")
    checkpoint.add_argument("--out", type=Path, metavar="FILE", help="Write it here [default: show it].")
    for made in (verify, checkpoint):
        add_flags(made, "admin")
        made.set_defaults(run=_log)


def _add_keys(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    keys = actions.add_parser(
        "keys", help="Look after the keys that seal: show, rotate, export, certify.",
        description="Look after the desk's keys: the root that outsiders pin, the key that seals, the key that signs the custody log. "
        "They are made at the first start, or by the first of these commands.").add_subparsers(dest="keys_action", required=True, metavar="ACTION")

    def action(name: str, text: str) -> argparse.ArgumentParser:
        made = keys.add_parser(name, help=text, description=text)
        add_flags(made, "admin")
        made.set_defaults(run=_keys)
        return made

    action("show", "Show which keys there are, where they lie, and until when they are good; makes them when there are none.")
    action("rotate", "Make new sealing and log keys under the same root. What the old ones signed stays good.")
    export = action("export", "Give the root's certificate with its fingerprint, for outsiders.")
    export.add_argument("--out", type=Path, metavar="FILE", help="Write the certificate (PEM) here [default: show it].")
    certify = action("certify", "Certify a sealing key that is kept elsewhere, by its certificate request or its public half (PEM, P-256).")
    certify.add_argument("request", type=Path, metavar="FILE", help="The certificate request (PKCS#10), or the public key.")
    certify.add_argument("--out", type=Path, metavar="FILE", help="Write the chain (PEM) here, for seal_chain [default: show it].")


def _desktop(parsed: argparse.Namespace) -> int:
    from videodesk import bootstrap

    return bootstrap.run_desktop(load(parsed), link=parsed.open, driver_socket=parsed.driver)


def _serve(parsed: argparse.Namespace) -> int:
    from videodesk import bootstrap

    return bootstrap.run_service(load(parsed))


def _demo(parsed: argparse.Namespace) -> int:
    from videodesk import demo

    return demo.run(load(parsed), out=parsed.out or Path("videodesk-demo"), keep_open=parsed.keep_open)


def _doctor(parsed: argparse.Namespace) -> int:
    from videodesk import doctor

    return doctor.run(load(parsed), as_json=parsed.json)


def _admin(parsed: argparse.Namespace) -> int:
    from videodesk import bootstrap

    password = _ask_password() if parsed.action in {"create", "password"} else None
    lines = bootstrap.administer(
        load(parsed), parsed.action, name=getattr(parsed, "name", ""), password=password,
        roles=getattr(parsed, "role", None) or ["agent"], display_name=getattr(parsed, "display_name", None))
    for line in lines:
        print(line)
    return 0


def _keys(parsed: argparse.Namespace) -> int:
    from videodesk import bootstrap

    for line in bootstrap.administer_keys(
            load(parsed), parsed.keys_action, request=getattr(parsed, "request", None), out=getattr(parsed, "out", None)):
        print(line)
    return 0


def _log(parsed: argparse.Namespace) -> int:
    from videodesk import bootstrap

    lines, is_intact = bootstrap.administer_log(
        load(parsed), parsed.log_action, checkpoint=getattr(parsed, "checkpoint", None), out=getattr(parsed, "out", None))
    for line in lines:
        print(line)
    return 0 if is_intact else 1


def _retention(parsed: argparse.Namespace) -> int:
    from videodesk import bootstrap

    for line in bootstrap.administer_retention(load(parsed), parsed.retention_action):
        print(line)
    return 0


def _export(parsed: argparse.Namespace) -> int:
    from videodesk import bootstrap

    for line in bootstrap.export_package(load(parsed), parsed.case, parsed.out, Language(parsed.language), is_outside_copy=parsed.outside):
        print(line)
    return 0


def _verify(parsed: argparse.Namespace) -> int:
    from videodesk.core.clock import SystemClock
    from videodesk.sealing.answers import check_files, in_words, trusted_roots

    trusted = trusted_roots(parsed.root, load(parsed).data_dir / "keys")
    answer = check_files(parsed.files, trusted, SystemClock())
    if parsed.json:
        print(json.dumps(answer.as_json(Language(parsed.language)), ensure_ascii=False, indent=2))
    else:
        for line in in_words(answer, Language(parsed.language), all_files=parsed.all):
            print(line)
    return 0 if answer.verdict.is_good else 1


def _ask_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first = getpass("New password (10 characters or more): ")
    if first != getpass("Once more: "):
        print("videodesk: the two were not the same.", file=sys.stderr)
        raise SystemExit(1)
    return first
