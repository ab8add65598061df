"""Ten codes, each good once, for one account; a new set voids the old one."""

import threading
from typing import Any

import pytest

from vallum.guard.authentication.login_failure import LoginFailedError

CLIENT = "203.0.113.9"


def issue(factors: Any) -> list[str]:
    return [code.reveal() for code in factors.recovery.issue(factors.ann, factors.proved())]


def test_a_code_stands_in_for_the_factor_once_and_the_owner_is_told(factors: Any) -> None:
    factors.enrol()
    codes = issue(factors)
    assert len(set(codes)) == 10
    assert {len(code.replace("-", "")) for code in codes} == {16}
    typed = codes[0].lower().replace("-", " ").replace("o", "0").replace("i", "1")
    assert factors.second.complete(factors.half(), "recovery", typed, client=CLIENT).id == "id-ann"
    assert factors.world.letters()[-1] == ("ann@example.org", "A recovery code was used")
    with pytest.raises(LoginFailedError):
        factors.second.complete(factors.half(), "recovery", codes[0], client=CLIENT)
    assert factors.recovery.count("id-ann") == 9


def test_nothing_stored_holds_a_code(factors: Any) -> None:
    codes = issue(factors)
    stored = repr(factors.store.list_account("id-ann"))
    assert not any(code in stored or code.replace("-", "") in stored for code in codes)


def test_a_code_is_its_accounts_own(factors: Any) -> None:
    codes = issue(factors)
    eve = factors.world.add("eve")
    assert not factors.recovery.verify(eve, codes[0])
    assert factors.recovery.verify(factors.ann, codes[0])


def test_a_new_set_voids_the_old_one(factors: Any) -> None:
    old, new = issue(factors), issue(factors)
    assert not any(factors.recovery.verify(factors.ann, code) for code in old)
    assert factors.recovery.count("id-ann") == 10
    assert all(factors.recovery.verify(factors.ann, code) for code in new)


@pytest.mark.parametrize("answer", ["", "A" * 15, "A" * 17, "ÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ", "9" * 16, "\0" * 16, "\ud800" * 16])
def test_what_is_no_code_is_refused(factors: Any, answer: str) -> None:
    issue(factors)
    assert not factors.recovery.verify(factors.ann, answer)
    assert factors.recovery.count("id-ann") == 10


def test_codes_alone_make_no_factor_due(factors: Any) -> None:
    issue(factors)
    assert not factors.desk.is_due(factors.ann)


def test_of_50_parallel_uses_of_a_code_one_wins(factors: Any) -> None:
    code, won, start = issue(factors)[0], [], threading.Barrier(50)

    def use() -> None:
        start.wait()
        won.append(factors.recovery.verify(factors.ann, code))

    threads = [threading.Thread(target=use) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert won.count(True) == 1
    assert len(won) == 50
