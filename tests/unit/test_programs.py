"""The commands: settings, help, people, self-check."""

from __future__ import annotations

import argparse
import io
import json

import pytest

from videodesk import cli, doctor
from videodesk.core.clock import SystemClock
from videodesk.core.errors import Invalid
from videodesk.service.tls import self_signed
from videodesk.settings import Settings, add_flags, load


def flags(program, *given):
    parser = argparse.ArgumentParser()
    add_flags(parser, program)
    return parser.parse_args(given)


def test_a_flag_is_stronger_than_the_environment_and_that_than_the_file(tmp_path):
    file = tmp_path / "videodesk.toml"
    file.write_text('port = 1001\ndesk_name = "from file"\nlog_level = "warning"\n', encoding="utf-8")
    environment = {"VIDEODESK_PORT": "1002", "VIDEODESK_LOG_LEVEL": "error"}
    settings = load(flags("serve", "--config", str(file), "--port", "1003"), environment)
    assert (settings.port, settings.log_level, settings.desk_name) == (1003, "error", "from file")


def test_turn_addresses_come_as_a_list_from_everywhere(tmp_path):
    assert load(flags("serve", "--turn-urls", "turn:a", "--turn-urls", "turn:b"), {}).turn_urls == ("turn:a", "turn:b")
    assert load(None, {"VIDEODESK_TURN_URLS": "turn:a turn:b"}).turn_urls == ("turn:a", "turn:b")


@pytest.mark.parametrize("environment", [{"VIDEODESK_PORT": "70000"}, {"VIDEODESK_THEME": "pink"}, {"VIDEODESK_LANGUAGE": "xx"}])
def test_a_wrong_value_is_named(environment):
    with pytest.raises(Invalid) as raised:
        load(None, environment)
    assert raised.value.code == "settings.invalid"
    assert f"VIDEODESK_{str(raised.value.params['field']).upper()}" in environment


def test_an_unknown_option_or_unreadable_file_is_refused(tmp_path):
    (tmp_path / "a.toml").write_text("prot = 1\n", encoding="utf-8")
    (tmp_path / "b.toml").write_text("port = \n", encoding="utf-8")
    for name, code in (("a", "settings.invalid"), ("b", "settings.file_unreadable"), ("none", "settings.file_unreadable")):
        with pytest.raises(Invalid) as raised:
            load(flags("serve", "--config", str(tmp_path / f"{name}.toml")), {})
        assert raised.value.code == code


@pytest.mark.parametrize("command", [(), ("desktop",), ("serve",), ("demo",), ("doctor",), ("admin",), ("admin", "create")])
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as left:
        cli.main([*command, "--help"])
    assert left.value.code == 0
    said = capsys.readouterr().out
    assert said.startswith("usage: videodesk")
    assert "--driver" not in said


def admin(capsys, monkeypatch, folder, *words, password=""):
    monkeypatch.setattr("sys.stdin", io.StringIO(password + "\n"))
    code = cli.main(["admin", *words, "--data-dir", str(folder)])
    return code, capsys.readouterr()


def test_people_are_looked_after_from_the_terminal(tmp_path, capsys, monkeypatch):
    def run(*words, password=""):
        return admin(capsys, monkeypatch, tmp_path, *words, password=password)

    assert run("create", "anna", "--display-name", "Anna", "--role", "administrator", password="correct-horse-1")[0] == 0
    assert run("create", "bram", password="correct-horse-1")[0] == 0
    code, said = run("create", "bram", password="correct-horse-1")
    assert code == 1
    assert "bram" not in said.out
    code, said = run("create", "kees", password="short")
    assert code == 1
    assert said.err.startswith("videodesk: ")
    assert run("roles", "bram", "--role", "agent", "--role", "supervisor")[0] == 0
    assert run("disable", "bram")[0] == 0
    assert run("password", "anna", password="another-horse-2")[0] == 0
    assert run("disable", "anna")[0] == 1  # the last administrator
    listed = run("list")[1].out
    assert "anna" in listed
    assert "bram" in listed
    assert "kees" not in listed


@pytest.mark.parametrize(("given", "level"), [
    ({"public_url": "http://192.0.2.7:8080"}, "problem"), ({"public_url": "http://desk.example.nl"}, "problem"),
    ({"public_url": "http://localhost:8080"}, "ok"), ({"public_url": "http://127.0.0.1:8080"}, "ok"), ({"public_url": "https://desk.example.nl"}, "ok"),
    ({"public_url": "https://192.0.2.7:8443", "self_signed": True}, "warning"),
])
def test_the_doctor_calls_no_http_link_usable(tmp_path, given, level):
    found = {finding.check: finding for finding in doctor.examine(Settings(data_dir=tmp_path, synthetic_media=True, **given))}
    assert found["join link"].level == level
    if level == "problem":
        assert "https" in found["join link"].text
        assert found["join link"].fix


def test_the_doctor_says_what_is_wrong_and_fails(tmp_path, capsys):
    settings = Settings(data_dir=tmp_path, synthetic_media=True, public_url="http://desk.example.nl", turn_urls=("turn:127.0.0.1:9?transport=udp",))
    assert doctor.run(settings, as_json=True) == 1
    found = {finding["check"]: finding for finding in json.loads(capsys.readouterr().out)}
    assert found["turn"]["level"] == "problem"  # addresses without a secret
    assert found["storage"]["level"] in {"ok", "problem"}
    assert doctor.run(settings) == 1
    assert "to fix before a call can work" in capsys.readouterr().out


def test_the_doctor_tests_the_line_as_a_call_does(tmp_path):
    """A service that is there, nobody signed in; a relay that nobody runs."""
    from tests.service.conftest import LiveService

    service = LiveService(tmp_path / "desk")
    try:
        settings = Settings(data_dir=tmp_path, synthetic_media=True, use_keyring=False, service=service.url)
        found = {finding.check: finding for finding in doctor.examine(settings)}
    finally:
        service.close()
    assert {found[name].level.value for name in ("service", "channel", "clock")} == {"ok"}
    assert found["network"].text
    settings = Settings(data_dir=tmp_path, synthetic_media=True, turn_urls=("turn:127.0.0.1:9?transport=tcp",), turn_secret="x")
    relay = [finding for finding in doctor.examine(settings) if finding.check in {"turn", "network"}]
    assert [finding.level.value for finding in relay] == ["problem", "warning"]
    assert relay[0].fix
    assert "No relay answers" in relay[1].text


def test_the_doctor_names_a_folder_it_cannot_write_to(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder", encoding="utf-8")
    found = {finding.check: finding for finding in doctor.examine(Settings(data_dir=blocked / "data", synthetic_media=True))}
    assert found["storage"].level == "problem"


@pytest.mark.parametrize(("host", "level"), [("192.0.2.7", "ok"), ("desk.example", "ok"), ("192.0.2.8", "problem"), ("other.example", "problem")])
def test_the_doctor_takes_a_certificate_for_what_it_is_for(tmp_path, host, level):
    files = self_signed(tmp_path, ["192.0.2.7", "desk.example"], SystemClock().now())
    settings = Settings(data_dir=tmp_path, synthetic_media=True, tls_cert=files.certificate, tls_key=files.key, public_url=f"https://{host}")
    found = [finding for finding in doctor.examine(settings) if finding.check == "certificate"]
    assert [finding.level for finding in found] == [level], found


@pytest.mark.parametrize(("mode", "level", "says"), [
    ("good", "ok", "gave a time stamp that checks"), ("look_alike", "problem", "not valid"), ("refusing", "problem", "refuses"),
])
def test_the_doctor_asks_the_time_stamp_authority(tmp_path, mode, level, says):
    from tests.sealing.authority import root_pem, running
    (tmp_path / "roots.pem").write_text(root_pem(), encoding="ascii")
    with running(mode) as authority:
        authority.at = SystemClock().now()
        (found,) = doctor._time(Settings(data_dir=tmp_path, tsa_urls=(authority.url,), tsa_roots=tmp_path / "roots.pem"))
    assert (found.check, found.level) == ("time", level)
    assert says in found.text


def test_the_doctor_says_what_is_missing_without_an_authority_and_without_its_roots(tmp_path):
    assert [one.level for one in doctor._time(Settings(data_dir=tmp_path))] == ["warning"]
    (found,) = doctor._time(Settings(data_dir=tmp_path, tsa_urls=("http://127.0.0.1:9/",)))
    assert found.level == "problem"
    assert "tsa_roots" in found.text


def test_time_stamp_authorities_come_as_a_list_from_everywhere():
    assert load(flags("serve", "--tsa-urls", "http://a", "--tsa-urls", "http://b"), {}).tsa_urls == ("http://a", "http://b")
    assert load(None, {"VIDEODESK_TSA_URLS": "http://a http://b"}).tsa_urls == ("http://a", "http://b")
