"""The first account, signing in and out, and looking after people."""

from __future__ import annotations

import pytest

from tests.service.conftest import CHEAP, PASSWORD, Client
from videodesk.core.errors import Conflict, Invalid, NotFound
from videodesk.core.people import Role
from videodesk.service import admin


def code_of(answer):
    return answer.json()["code"]


@pytest.fixture
def adam(visitor):
    return visitor.as_("adam")


@pytest.fixture
def empty(desk, visitor):
    with desk.store.write() as uow:
        connection = uow.people._connection
        connection.exec_driver_sql("DELETE FROM sign_ins")
        connection.exec_driver_sql("DELETE FROM people")
    return visitor


BOSS = {"setup_code": "setup-code-of-the-test", "name": "boss", "display_name": "De Baas", "password": PASSWORD}


def test_the_first_account(empty):
    assert empty.get("/info").json()["needs_setup"]
    wrong = empty.post("/setup", BOSS | {"setup_code": "guess"})
    assert (wrong.status_code, code_of(wrong)) == (403, "setup.wrong_code")
    made = empty.post("/setup", BOSS)
    assert made.status_code == 201
    assert sorted(made.json()["person"]["roles"]) == ["administrator", "agent", "supervisor"]
    assert empty.with_token(made.json()["token"]).get("/me").json()["name"] == "boss"
    assert not empty.get("/info").json()["needs_setup"]
    again = empty.post("/setup", BOSS | {"name": "other"})
    assert (again.status_code, code_of(again)) == (409, "setup.done")


def test_without_a_setup_code_there_is_no_setup(empty, desk):
    desk.setup_code = ""
    assert code_of(empty.post("/setup", BOSS | {"setup_code": ""})) == "setup.wrong_code"


def test_the_embedded_desk_signs_in_without_a_form(empty, desk):
    desk.is_embedded, desk.embedded_secret = True, "the-embedded-secret"
    assert code_of(empty.post("/session", {"embedded_secret": "the-embedded-secret"})) == "setup.needed"
    assert empty.post("/setup", {name: value for name, value in BOSS.items() if name != "password"}).status_code == 201
    assert empty.post("/session", {"embedded_secret": "the-embedded-secret"}).json()["person"]["name"] == "boss"
    assert code_of(empty.post("/session", {"embedded_secret": "guess"})) == "session.wrong"
    assert code_of(empty.post("/session", {"name": "boss", "password": ""})) == "session.wrong", "an account without a password has none"


def test_no_secret_no_embedded_sign_in(visitor):
    assert code_of(visitor.post("/session", {"embedded_secret": ""})) == "session.wrong"


def test_wrong_name_and_wrong_password_look_the_same(visitor):
    answers = [visitor.post("/session", {"name": name, "password": "wrong-horse-1"}) for name in ("anna", "nobody")]
    assert [(answer.status_code, answer.json()) for answer in answers] == [(401, answers[0].json())] * 2


def test_signing_out_and_expiry(visitor, clock):
    here, there = visitor.as_("anna"), visitor.as_("Anna")
    assert here.delete("/session").status_code == 204
    assert code_of(here.get("/me")) == "session.unknown"
    assert there.get("/me").status_code == 200, "the other device stays"
    clock.advance(15 * 86_400)
    assert code_of(there.get("/me")) == "session.expired"


def test_tries_are_limited_by_name(visitor):
    for _ in range(10):
        assert visitor.post("/session", {"name": "anna", "password": "wrong-horse-1"}).status_code == 401
    locked = visitor.post("/session", {"name": "anna", "password": PASSWORD})
    assert (locked.status_code, code_of(locked)) == (429, "rate.limited")
    assert locked.json()["retryable"]
    assert visitor.post("/session", {"name": "bram", "password": PASSWORD}).status_code == 201


def test_people_are_looked_after(adam, visitor):
    made = adam.post("/people", {"name": "carla", "display_name": "Carla", "roles": ["agent"], "password": PASSWORD})
    assert made.status_code == 201
    taken = adam.post("/people", {"name": "carla", "display_name": "C", "roles": ["agent"], "password": PASSWORD})
    assert (taken.status_code, code_of(taken)) == (409, "person.name_taken")
    carla = visitor.as_("carla")
    person = adam.patch(f"/people/{made.json()['id']}", {"roles": ["agent", "supervisor"]}).json()
    assert carla.get("/me").json()["roles"] == person["roles"] == ["agent", "supervisor"], "at once, without signing in again"
    assert adam.patch(f"/people/{person['id']}", {"is_disabled": True}).json()["is_disabled"]
    assert carla.get("/me").status_code == 401
    assert code_of(visitor.post("/session", {"name": "carla", "password": PASSWORD})) == "session.wrong"
    adam.patch(f"/people/{person['id']}", {"is_disabled": False, "password": "another-horse-2"})
    assert visitor.post("/session", {"name": "carla", "password": PASSWORD}).status_code == 401
    assert visitor.post("/session", {"name": "carla", "password": "another-horse-2"}).status_code == 201


def test_the_last_administrator_stays(adam):
    me = adam.get("/me").json()["id"]
    for patch in ({"is_disabled": True}, {"roles": ["agent"]}):
        answer = adam.patch(f"/people/{me}", patch)
        assert (answer.status_code, code_of(answer)) == (409, "person.last_administrator")


def test_no_password_is_kept(adam, desk):
    with desk.store.read() as uow:
        for person in uow.people.all():
            assert person.password_hash.startswith("$argon2id$")
            assert PASSWORD not in person.password_hash


def test_admin_commands(desk, visitor: Client):
    assert any(line.startswith("anna ") for line in admin.list_people(desk))
    admin.create(desk, "carla", "", [Role.AGENT], PASSWORD, CHEAP)
    assert visitor.as_("carla").get("/me").json()["display_name"] == "carla"
    admin.set_roles(desk, "carla", [Role.SUPERVISOR])
    admin.set_disabled(desk, "carla", is_disabled=True)
    assert "disabled" in next(line for line in admin.list_people(desk) if line.startswith("carla"))
    admin.set_disabled(desk, "carla", is_disabled=False)
    admin.reset_password(desk, "carla", "another-horse-2", CHEAP)
    signed_in = visitor.post("/session", {"name": "carla", "password": "another-horse-2"}).json()
    assert signed_in["person"]["roles"] == ["supervisor"]
    for error, act in (
        (Invalid, lambda: admin.create(desk, "Bad Name", "", [Role.AGENT], PASSWORD)),
        (Invalid, lambda: admin.create(desk, "dora", "", [Role.AGENT], "short")),
        (Conflict, lambda: admin.create(desk, "carla", "", [Role.AGENT], PASSWORD, CHEAP)),
        (NotFound, lambda: admin.set_disabled(desk, "nobody", is_disabled=True)),
        (Conflict, lambda: admin.set_disabled(desk, "adam", is_disabled=True)),
    ):
        with pytest.raises(error):
            act()
