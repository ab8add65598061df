"""Known and unknown names cost the same until the answer is out: hashes, queries, mails; and the answer is the same."""

from collections.abc import Callable
from typing import Any

import pytest

from vallum.stores.memory.accounts import MemoryAccounts
from vallum.stores.memory.factors import MemoryFactors
from vallum.stores.memory.proofs import MemoryProofs

PASSWORD = "seven blue pencils"


class LateJobs:
    """Keeps the work until the answer is out."""

    def __init__(self) -> None:
        self.work: list[Callable[[], None]] = []

    def add(self, work: Callable[[], None]) -> None:
        self.work.append(work)

    def finish(self) -> None:
        while self.work:
            self.work.pop(0)()


FLOWS = {
    "/register": {"password": PASSWORD},
    "/password/reset": {},
    "/email/proof": {},
}


@pytest.mark.parametrize("path", FLOWS)
def test_an_address_that_is_known_costs_what_an_unknown_one_does(
    build: Any, browse: Any, send: Any, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    jobs = LateJobs()
    app, kit = build(jobs=jobs)
    kit.add_account("ada@example.org", password=PASSWORD)
    spent: list[str] = []
    for owner, names in (
        (MemoryAccounts, ("find", "find_login", "find_email", "create", "change")),
        (MemoryProofs, ("put", "look", "consume", "spend", "drop_account")),
        (MemoryFactors, ("list_account", "find")),
        (type(kit.parts.desk.passwords), ("hash", "verify")),
    ):
        for name in names:
            watch(monkeypatch, owner, name, spent)
    told = []
    for email in ("ada@example.org", "nobody@example.org"):
        browser = browse(app)
        spent.clear()
        answer = send(browser, path, email=email, **FLOWS[path])
        before, mails = list(spent), len(kit.mails)
        jobs.finish()
        told.append((answer.status_code, answer.content, before, mails, len(kit.mails) - mails))
    assert told[0][:3] == told[1][:3]
    assert told[0][4] == told[1][4]
    assert told[0][2] == (["hash"] if path == "/register" else [])
    assert told[0][3] == 0


def watch(monkeypatch: pytest.MonkeyPatch, owner: type, name: str, spent: list[str]) -> None:
    original = getattr(owner, name)

    def counted(*given: Any, **named: Any) -> Any:
        spent.append(name)
        return original(*given, **named)

    monkeypatch.setattr(owner, name, counted)
