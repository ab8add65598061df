"""New browsers, invitations, the export and the end of accounts, and what administrators may do."""

from typing import Any

import pytest

PASSWORD = "seven blue pencils"
NEW = "A new browser logged in"


def log_in(browser: Any, send: Any, password: str = PASSWORD) -> Any:
    return send(browser, "/login", login="ada@example.org", password=password)


@pytest.fixture
def made(build: Any) -> Any:
    app, kit = build(admin_permission="accounts:admin")
    kit.add_account("ada@example.org", password=PASSWORD)
    return app, kit


@pytest.fixture
def admin(made: Any, browse: Any) -> Any:
    app, kit = made
    browser = browse(app)
    browser.cookies = kit.log_in_as(kit.add_account("root@example.org", roles=("admin",)), with_factor=True)
    return browser


def test_the_owner_is_told_of_a_new_browser_once(made: Any, browse: Any, send: Any) -> None:
    app, kit = made
    browser = browse(app)
    assert log_in(browser, send).status_code == 200
    assert [mail.subject for mail in kit.mails] == [NEW]
    assert send(browser, "/logout").status_code == 200
    assert log_in(browser, send).status_code == 200
    assert len(kit.mails) == 1
    assert log_in(browse(app), send).status_code == 200
    assert [mail.subject for mail in kit.mails] == [NEW, NEW]


def test_a_logout_clears_what_the_browser_kept_but_knows_it_again(made: Any, browse: Any, send: Any) -> None:
    app, _ = made
    browser = browse(app)
    log_in(browser, send)
    answer = send(browser, "/logout")
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    assert set(browser.cookies) & {"__Host-session"} == set()
    assert "__Host-device" in browser.cookies


def test_the_mail_can_be_left_out(build: Any, browse: Any, send: Any) -> None:
    app, kit = build(device_notice=False)
    kit.add_account("ada@example.org", password=PASSWORD)
    assert log_in(browse(app), send).status_code == 200
    assert kit.mails == []


def test_strangers_do_not_shut_out_a_browser_that_is_known(made: Any, browse: Any, send: Any) -> None:
    app, kit = made
    mine = browse(app)
    log_in(mine, send)
    send(mine, "/logout")
    for number in range(6):
        thief = browse(app, client=(f"198.51.100.{number}", 4711))
        status = send(thief, "/login", login="ada@example.org", password="wrong").status_code
        assert status in {401, 429}
    assert log_in(browse(app, client=("198.51.100.77", 1)), send).status_code == 429
    assert log_in(mine, send).status_code == 200
    stranger = browse(app)
    stranger.cookies = {"__Host-device": mine.cookies["__Host-device"][:-1] + "0"}
    assert stranger("GET", "/me").status_code == 401
    assert kit.parts.devices.recognise(mine.cookies["__Host-device"], "root@example.org") == ""


def test_an_invitation_makes_the_account_with_its_roles(made: Any, admin: Any, browse: Any, send: Any) -> None:
    app, kit = made
    assert send(admin, "/invitations", email="bob@example.org", roles="editor").status_code == 200
    token, browser = kit.last_token(), browse(app)
    page = browser("GET", f"/account/invitation?token={token}", headers={"accept": "text/html"})
    assert page.status_code == 200
    assert send(browser, "/invitation", token=token, password=PASSWORD).status_code == 200
    assert send(browser, "/invitation", token=token, password=PASSWORD).status_code == 400
    assert browser("GET", "/me").status_code == 401
    assert send(browser, "/login", login="bob@example.org", password=PASSWORD).json()["user"]["roles"] == ["editor"]


@pytest.mark.parametrize(
    "path", ["/invitations", "/accounts/disable", "/accounts/delete", "/accounts/roles", "/accounts/unlock"]
)
def test_only_an_administrator_with_a_factor_administers(made: Any, browse: Any, send: Any, path: str) -> None:
    app, kit = made
    root = kit.add_account("root@example.org", roles=("admin",))
    fields = {"account": root.id, "email": "bob@example.org", "roles": "admin"}
    member, unproved, stranger = browse(app), browse(app), browse(app)
    member.cookies = kit.log_in_as(kit.add_account("eve@example.org"), with_factor=True)
    unproved.cookies = kit.log_in_as(root)
    assert send(stranger, path, **fields).status_code == 401
    assert send(member, path, **fields).status_code == 403
    refused = send(unproved, path, **fields)
    assert (refused.status_code, refused.json()["code"]) == (403, "step-up-required")
    assert kit.mails == []
    assert kit.parts.desk.accounts.find(root.id) == root


def test_administration_is_not_there_unless_it_is_named(build: Any, browse: Any, send: Any) -> None:
    app, kit = build()
    browser = browse(app)
    browser.cookies = kit.log_in_as(kit.add_account("root@example.org", roles=("admin",)), with_factor=True)
    assert send(browser, "/accounts/disable", account="x").status_code == 404


def test_disabling_ends_sessions_and_logins(made: Any, admin: Any, browse: Any, send: Any) -> None:
    app, kit = made
    ada = kit.parts.desk.accounts.find_email("ada@example.org")
    browser = browse(app)
    log_in(browser, send)
    assert send(admin, "/accounts/disable", account=ada.id).status_code == 200
    assert browser("GET", "/me").status_code == 401
    assert log_in(browse(app), send).status_code == 401
    assert send(admin, "/accounts/enable", account=ada.id).status_code == 200
    assert log_in(browse(app), send).status_code == 200
    assert send(admin, "/accounts/roles", account=ada.id, roles="editor").status_code == 200
    assert log_in(browse(app), send).json()["user"]["roles"] == ["editor"]
    assert send(admin, "/accounts/unlock", account=ada.id).status_code == 200
    assert send(admin, "/accounts/delete", account=ada.id).status_code == 200
    assert kit.parts.desk.accounts.find(ada.id) is None
    assert send(admin, "/accounts/disable", account="nobody").status_code == 409


def test_an_administrator_does_not_disable_herself(made: Any, admin: Any, send: Any) -> None:
    own = admin("GET", "/account/session").json()["user"]["id"]
    assert send(admin, "/accounts/disable", account=own).status_code == 409
    assert admin("GET", "/me").status_code == 200


def test_rights_that_were_withdrawn_administer_nothing(made: Any, admin: Any, send: Any) -> None:
    _, kit = made
    root = kit.parts.desk.accounts.find_email("root@example.org")
    kit.parts.desk.accounts.change(root.id, root.version, roles=())
    assert send(admin, "/invitations", email="bob@example.org").status_code == 403


def test_everything_that_is_kept_is_exported(build: Any, browse: Any, send: Any) -> None:
    app, kit = build(exports={"notes": lambda account_id: [account_id]})
    ada = kit.add_account("ada@example.org", password=PASSWORD)
    kit.add_app(ada)
    browser = browse(app)
    browser.cookies = kit.log_in_as(ada, with_factor=True)
    answer = send(browser, "/export")
    told = answer.json()
    assert answer.headers["content-disposition"] == 'attachment; filename="account.json"'
    assert set(told) == {"account", "sessions", "factors", "sign_ins", "notes"}
    assert (told["account"]["email"], told["notes"]) == ("ada@example.org", [ada.id])
    assert [one["kind"] for one in told["factors"]] == ["totp"]
    assert ada.password not in answer.text


def test_a_closed_account_leaves_nothing(build: Any, browse: Any, send: Any) -> None:
    erased: list[str] = []
    app, kit = build(erasers=(erased.append,))
    ada = kit.add_account("ada@example.org", password=PASSWORD)
    kit.add_app(ada)
    mine, other = browse(app), browse(app)
    mine.cookies, other.cookies = kit.log_in_as(ada, with_factor=True), kit.log_in_as(ada)
    assert other("GET", "/me").status_code == 200
    assert send(mine, "/close").status_code == 200
    assert mine("GET", "/me").status_code == other("GET", "/me").status_code == 401
    assert erased == [ada.id]
    assert not kit.parts.factors.desk.factors.list_account(ada.id)
    assert log_in(browse(app), send).status_code == 401
    assert kit.mails[-1].subject == "Your account was deleted"


def test_an_old_login_and_one_without_the_factor_close_nothing(made: Any, browse: Any, send: Any, ticking: Any) -> None:
    app, kit = made
    ada = kit.parts.desk.accounts.find_email("ada@example.org")
    browser = browse(app)
    browser.cookies = kit.log_in_as(ada)
    kit.add_app(ada)
    assert send(browser, "/close").json()["code"] == "recent-factor-required"
    ticking.move(301)
    assert send(browser, "/export").status_code == 403
    assert kit.parts.desk.accounts.find(ada.id) is not None


def test_registration_can_be_closed(build: Any, browse: Any, send: Any) -> None:
    app, kit = build(open_registration=False)
    assert send(browse(app), "/register", email="b@example.org", password=PASSWORD).status_code == 404
    assert kit.mails == []
