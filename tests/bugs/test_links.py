"""A link proves what was asked for when it was made: one account, one purpose, one value, once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from vallum.guard.authentication.lifecycle.desk import LinkRefusedError
from vallum.guard.authentication.lifecycle.email_proof import EmailChange, EmailProof
from vallum.guard.authentication.lifecycle.links import EMAIL_CHANGE, EMAIL_PROOF, INVITATION, PASSWORD_RESET
from vallum.guard.authentication.lifecycle.reset import PasswordReset
from vallum.stores.sql.accounts import SqlAccounts
from vallum.stores.sql.postgres import PostgresDatabase
from vallum.stores.sql.proofs import SqlProofs
from vallum.stores.sql.sqlite import SqliteDatabase

NO_LIMITS: Any = type("NoLimits", (), {"take_now": lambda *_, **__: None})()
NEW = "nine green crayons"


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "sqlite":
        opened: Any = SqliteDatabase(tmp_path / "links.sqlite")
    else:
        opened = PostgresDatabase(request.getfixturevalue("postgres").empty(), wait_seconds=20)
    yield opened
    opened.close()


def test_bug_11_cve_2026_32700_a_proof_that_races_a_change_proves_its_own_address_only(
    world: Any, database: Any
) -> None:
    accounts = SqlAccounts(database)
    desk = replace(world.desk, accounts=accounts, proofs=SqlProofs(database))
    proof = EmailProof(desk=desk, limits=NO_LIMITS)

    def confirm(link: str, start: threading.Barrier) -> None:
        start.wait()
        with suppress(LinkRefusedError):
            proof.confirm(link)

    def move(account_id: str, address: str, start: threading.Barrier) -> None:
        start.wait()
        desk.change(account_id, lambda _: {"email": address, "email_proved": None})

    with ThreadPoolExecutor(2) as pool:
        for number in range(12):
            account = replace(world.add(f"u{number}"), email_proved=None)
            assert accounts.create(account)
            proof.begin(account.email)
            start, victim = threading.Barrier(2), f"victim{number}@example.org"
            acts = [pool.submit(confirm, world.link(), start), pool.submit(move, account.id, victim, start)]
            for act in acts:
                act.result()
            found = accounts.find(account.id)
            assert (found.email, found.email_proved) == (victim, None)


@pytest.mark.parametrize("purpose", [EMAIL_PROOF, EMAIL_CHANGE, INVITATION])
def test_bug_11_cve_2026_9087_a_link_serves_its_own_purpose_only(site: Any, purpose: str) -> None:
    ada = site.add()
    desk = site.kit.parts.desk
    desk.send_link(purpose, ada.email, 900, account_id=ada.id, data={"old": ada.email, "roles": []})
    token = site.kit.last_token()
    answer = site.send(site.visit(), "/password/reset/confirm", token=token, new_password=NEW)
    assert answer.status_code == 400
    assert desk.accounts.find(ada.id) == ada


def test_bug_11_allauth_65_12_1_a_change_of_address_is_for_the_address_that_was_left(world: Any) -> None:
    ann = world.add("ann")
    change = EmailChange(desk=world.desk, login=world.login, limits=NO_LIMITS)
    change.begin(ann, "new@example.org", "seven blue pencils", client="203.0.113.9")
    link = next(mail.text for mail in world.mailer.sent if "token=" in mail.text).partition("?token=")[2].split()[0]
    world.desk.change(ann.id, lambda _: {"email": "other@example.org"})
    with pytest.raises(LinkRefusedError):
        change.confirm(link)
    assert world.plain_accounts.find(ann.id).email == "other@example.org"


TAMPERED = ("login", "email", "account_id", "user_id", "id", "user", "purpose", "username", "next", "pk")


def test_bug_12_cve_2023_26481_a_reset_changes_the_account_that_it_was_mailed_to(site: Any) -> None:
    ada, eve = site.add("ada"), site.add("eve")
    browser = site.visit()
    site.send(browser, "/password/reset", email=eve.email)
    token = site.kit.last_token()
    told = {name: ada.id if "id" in name else ada.email for name in TAMPERED}
    query = "&".join(f"{name}={value}" for name, value in told.items())
    answer = site.send(browser, f"/password/reset/confirm?{query}", token=token, new_password=NEW, **told)
    if answer.status_code != 200:  # refusing unknown fields would do as well
        answer = site.send(browser, "/password/reset/confirm", token=token, new_password=NEW)
    assert answer.status_code == 200
    accounts = site.kit.parts.desk.accounts
    assert accounts.find(ada.id) == ada
    assert accounts.find(eve.id).password != eve.password
    assert site.log_in(site.visit(), "ada").status_code == 200


@pytest.mark.parametrize("step", ["session of another", "two tokens", "token of another purpose"])
def test_bug_12_cve_2023_26481_nothing_else_of_the_request_names_the_subject(site: Any, step: str) -> None:
    ada, eve = site.add("ada"), site.add("eve")
    browser = site.visit()
    site.send(browser, "/password/reset", email=eve.email)
    mine = site.kit.last_token()
    if step == "session of another":
        browser.cookies = site.kit.log_in_as(ada)
        assert site.send(browser, "/password/reset/confirm", token=mine, new_password=NEW).status_code == 200
    elif step == "two tokens":
        site.send(browser, "/password/reset", email=ada.email)
        form = f"token={mine}&token={site.kit.last_token()}&new_password=nine+green+crayons"
        headers = {"content-type": "application/x-www-form-urlencoded"}
        token = browser("GET", "/account/session").json()["csrf_token"]
        answer = browser(
            "POST", "/account/password/reset/confirm", content=form, headers={**headers, "x-csrf-token": token}
        )
        assert answer.status_code == 400
    else:
        reset = PasswordReset(desk=site.kit.parts.desk, limits=NO_LIMITS)
        site.kit.parts.desk.send_link(PASSWORD_RESET, "eve@example.org", 900, account_id=ada.id)
        with pytest.raises(LinkRefusedError):
            reset.confirm(site.kit.last_token(), NEW)
    assert site.kit.parts.desk.accounts.find(ada.id) == ada
