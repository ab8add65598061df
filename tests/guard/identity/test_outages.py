"""While a store of accounts is away every endpoint answers 503 with Retry-After, lets nobody in, and says no more."""

from typing import Any

import pytest

from vallum.base.errors import ConfigError
from vallum.guard.identity.outages import StoreDownError, watch_store
from vallum.stores.accounts import AccountRecord
from vallum.stores.memory import MemorySessions
from vallum.stores.memory.accounts import MemoryAccounts


class Accounts(MemoryAccounts):
    """Accounts whose server can be taken away."""

    error: Exception | None = None

    def _ask(self) -> None:
        if self.error is not None:
            raise self.error

    def find(self, account_id: str) -> AccountRecord | None:
        self._ask()
        return super().find(account_id)

    def find_login(self, login: str) -> AccountRecord | None:
        self._ask()
        return super().find_login(login)

    def find_email(self, email: str) -> AccountRecord | None:
        self._ask()
        return super().find_email(email)


@pytest.fixture
def site(build: Any, browse: Any) -> Any:
    accounts = Accounts()
    app, kit = build(accounts=accounts)
    ada = kit.add_account("ada@example.org", password="seven blue pencils")
    return browse(app), kit, ada, accounts


FIELDS = {"login": "ada@example.org", "email": "ada@example.org", "password": "seven blue pencils"}


@pytest.mark.parametrize("path", ["/login", "/token"])
def test_nobody_gets_in_and_is_told_to_come_back(site: Any, path: str) -> None:
    browser, _, _, accounts = site
    accounts.error = OSError("connection to 10.0.0.7 refused")
    answer = browser("POST", f"/account{path}", json=FIELDS)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert "10.0.0.7" not in answer.text
    assert "__Host-session" not in answer.headers.get("set-cookie", "")
    accounts.error = None
    assert browser("POST", f"/account{path}", json=FIELDS).status_code == 200


def test_who_is_signed_in_waits_as_well(site: Any, ticking: Any) -> None:
    browser, kit, ada, accounts = site
    browser.cookies = dict(kit.log_in_as(ada))
    accounts.error = TimeoutError()
    ticking.move(5)
    for path in ("/me", "/maybe", "/account/factors"):
        answer = browser("GET", path)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    accounts.error = None
    assert browser("GET", "/me").status_code == 200


def test_sessions_that_cannot_be_listed_are_not_called_none(
    site: Any, send: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, kit, ada, _ = site

    def fail(*_: object, **__: object) -> None:
        raise OSError("down")

    browser.cookies = dict(kit.log_in_as(ada))
    monkeypatch.setattr(MemorySessions, "list_actor", fail)
    assert browser("GET", "/account/sessions").status_code == 503
    monkeypatch.setattr(MemorySessions, "delete_actor", fail)
    assert send(browser, "/sessions/end-others").status_code == 503


def test_errors_of_vallum_stay_what_they_are() -> None:
    accounts = Accounts()
    store = watch_store(accounts)
    accounts.error = ConfigError("the tables are missing.")
    with pytest.raises(ConfigError):
        store.find("7")
    accounts.error = OSError("down")
    with pytest.raises(StoreDownError) as refused:
        store.find("7")
    assert refused.value.detail["error"] == "OSError"
    assert watch_store(store) is store
    assert store.reads_at_once
