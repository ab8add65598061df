"""An app is enrolled by a code of it, and each code logs in once."""

import threading
from typing import Any

import pytest

from vallum.base.errors import ConfigError
from vallum.crypto.seal.ring import SealRefusedError
from vallum.guard.authentication.login_failure import LoginFailedError
from vallum.guard.authentication.mfa.factor_desk import CodeRefusedError, FactorDesk, FactorLimitError
from vallum.guard.authentication.mfa.second_factor import SecondFactor
from vallum.guard.authentication.mfa.step_up import FactorRequiredError, LoginRequiredError, RecentLogin
from vallum.guard.errors.public import NotFoundError
from vallum.guard.http.rate_limit import RateLimitedError
from vallum.stores.factors import FactorRecord

PASSWORD = "seven blue pencils"
CLIENT = "203.0.113.9"


def complete(factors: Any, half: str, code: str, kind: str = "totp") -> Any:
    return factors.second.complete(half, kind, code, client=CLIENT)


def refuses(factors: Any, half: str, code: str, kind: str = "totp") -> None:
    with pytest.raises(LoginFailedError):
        complete(factors, half, code, kind)


def test_a_factor_is_due_only_after_a_code_has_proved_it(factors: Any) -> None:
    offer = factors.totp.begin(factors.ann, factors.session)
    assert factors.login.authenticate("ann", PASSWORD, client=CLIENT).half is None
    assert not factors.totp.verify(factors.ann, factors.app(offer)())
    (stored,) = factors.store.list_account("id-ann")
    plain = offer.secret.reveal()
    assert stored.state == "pending"
    assert plain.encode() not in stored.secret
    assert len(plain) * 5 >= 160
    factors.totp.confirm(factors.ann, factors.session, offer.factor_id, factors.app(offer)(), client=CLIENT)
    assert factors.login.authenticate("ann", PASSWORD, client=CLIENT).half is not None
    assert plain not in repr(offer)
    assert offer.picture.reveal().startswith("<svg")
    assert "http" not in offer.picture.reveal().replace("http://www.w3.org/2000/svg", "")
    assert offer.address.reveal().startswith("otpauth://totp/Notes:ann?secret=" + plain)


def test_enrolment_ends_other_sessions_and_tells_the_owner(factors: Any) -> None:
    factors.begin_session(b"other")
    factors.enrol()
    read = factors.world.sessions.read
    assert read(b"other", factors.clock()) is None
    assert read(b"here", factors.clock()) is not None
    assert factors.world.letters()[-1] == ("ann@example.org", "A second factor was added")


def test_wrong_late_and_foreign_codes_enrol_nothing(factors: Any) -> None:
    offer = factors.totp.begin(factors.ann, factors.session)
    eve = factors.world.add("eve")
    with pytest.raises(CodeRefusedError):
        factors.totp.confirm(factors.ann, factors.session, offer.factor_id, "000000x", client=CLIENT)
    session = factors.begin_session(b"eve", "id-eve")
    with pytest.raises(CodeRefusedError):
        factors.totp.confirm(eve, session, offer.factor_id, factors.app(offer)(), client=CLIENT)
    with pytest.raises(LoginRequiredError):
        factors.totp.confirm(eve, factors.session, offer.factor_id, factors.app(offer)(), client=CLIENT)
    factors.clock.now += 901
    with pytest.raises(CodeRefusedError):
        factors.totp.confirm(
            factors.ann, factors.begin_session(b"2"), offer.factor_id, factors.app(offer)(), client=CLIENT
        )
    assert not factors.desk.list("id-ann")


def test_a_newer_offer_voids_the_older(factors: Any) -> None:
    old = factors.totp.begin(factors.ann, factors.session)
    factors.totp.begin(factors.ann, factors.session)
    with pytest.raises(CodeRefusedError):
        factors.totp.confirm(factors.ann, factors.session, old.factor_id, factors.app(old)(), client=CLIENT)
    assert len(factors.store.list_account("id-ann")) == 1


def test_guesses_at_an_offer_are_bounded(factors: Any) -> None:
    offer = factors.totp.begin(factors.ann, factors.session)
    for _ in range(5):
        with pytest.raises(CodeRefusedError):
            factors.totp.confirm(factors.ann, factors.session, offer.factor_id, "12345", client=CLIENT)
    with pytest.raises(RateLimitedError):
        factors.totp.confirm(factors.ann, factors.session, offer.factor_id, factors.app(offer)(), client=CLIENT)


def test_a_code_logs_in_once_and_the_half_login_too(factors: Any) -> None:
    code = factors.enrol()
    half = factors.half()
    assert complete(factors, half, code()).id == "id-ann"
    refuses(factors, half, code())
    refuses(factors, factors.half(), code())
    factors.clock.now += 30
    refuses(factors, half, code())
    assert complete(factors, factors.half(), code()).id == "id-ann"


def test_the_code_of_the_enrolment_does_not_log_in(factors: Any) -> None:
    code = factors.enrol()
    factors.clock.now -= 30
    refuses(factors, factors.half(), code())


@pytest.mark.parametrize(("off", "accepted"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_one_step_early_or_late_is_accepted_two_are_not(factors: Any, off: int, accepted: bool) -> None:
    code = factors.enrol()
    factors.clock.now += 90
    factors.clock.now += off
    shown = code()
    factors.clock.now -= off
    assert factors.totp.verify(factors.ann, shown) is accepted


def test_an_older_step_is_void_after_a_newer_one(factors: Any) -> None:
    code = factors.enrol()
    factors.clock.now += 60
    older = code()
    factors.clock.now += 30
    assert factors.totp.verify(factors.ann, code())
    assert not factors.totp.verify(factors.ann, older)


def test_of_50_parallel_uses_of_a_code_one_wins(factors: Any) -> None:
    code = factors.enrol()()
    won: list[bool] = []
    start = threading.Barrier(50)

    def use() -> None:
        start.wait()
        won.append(factors.totp.verify(factors.ann, code))

    threads = [threading.Thread(target=use) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False] * 49 + [True]


def test_six_wrong_codes_get_429_and_the_half_login_is_dead(factors: Any) -> None:
    code = factors.enrol()
    half = factors.half()
    for _ in range(5):
        refuses(factors, half, "12345")
    with pytest.raises(RateLimitedError):
        complete(factors, half, code())
    factors.clock.now += 400
    refuses(factors, half, code())


def test_more_passwords_buy_no_more_guesses(factors: Any) -> None:
    code = factors.enrol()
    for _ in range(2):
        half = factors.half()
        for _ in range(5):
            refuses(factors, half, "12345")
    with pytest.raises(RateLimitedError):
        complete(factors, factors.half(), code())


def test_the_attempts_are_the_half_logins_own(factors: Any) -> None:
    factors.enrol()
    half = factors.half()
    lax = SecondFactor(
        desk=factors.world.desk,
        checks={"totp": factors.totp},
        limits=type("Free", (), {"take_now": lambda *_, **__: None})(),
        account_limit=type("Free", (), {"take_now": lambda *_, **__: None})(),
    )
    asked: list[str] = []
    object.__setattr__(
        lax, "checks", {"totp": type("No", (), {"verify": lambda _, *a, **__: bool(asked.append(a[1]))})()}
    )
    for number in range(7):
        with pytest.raises(LoginFailedError):
            lax.complete(half, "totp", str(number), client=CLIENT)
    assert len(asked) == 5


def test_half_a_login_ends_with_time_with_the_epoch_and_with_the_account(factors: Any) -> None:
    code = factors.enrol()
    half = factors.half()
    factors.clock.now += 601
    refuses(factors, half, code())
    half = factors.half()
    accounts = factors.world.plain_accounts
    assert accounts.change("id-ann", accounts.find("id-ann").version, bump=True)
    refuses(factors, half, code())
    half = factors.half()
    assert accounts.change("id-ann", accounts.find("id-ann").version, is_active=False)
    refuses(factors, half, code())
    refuses(factors, "never-issued", code())
    refuses(factors, half, code(), "unknown-kind")


def test_a_session_confirms_with_a_code_once_and_in_bounds(factors: Any) -> None:
    code = factors.enrol()
    factors.second.confirm(factors.ann, "totp", code(), client=CLIENT)
    for _ in range(4):
        with pytest.raises(LoginFailedError):
            factors.second.confirm(factors.ann, "totp", code(), client=CLIENT)
    with pytest.raises(RateLimitedError):
        factors.second.confirm(factors.ann, "totp", code(), client=CLIENT)


def test_of_50_parallel_completions_of_a_half_login_one_wins(factors: Any) -> None:
    code, half, won, start = factors.enrol()(), factors.half(), [], threading.Barrier(50)

    def use() -> None:
        start.wait()
        try:
            won.append(complete(factors, half, code).id)
        except (LoginFailedError, RateLimitedError):
            won.append("")

    threads = [threading.Thread(target=use) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [""] * 49 + ["id-ann"]


def test_a_sealed_secret_opens_for_its_own_account_only(factors: Any) -> None:
    factors.enrol()
    eve = factors.world.add("eve")
    (ann,) = factors.desk.list("id-ann")
    stolen = FactorRecord(id="x", account_id="id-eve", kind="totp", secret=ann.secret, state="active", created=1.0)
    assert factors.store.add(stolen)
    with pytest.raises(SealRefusedError):
        factors.totp.verify(eve, "123456")


def test_changing_factors_needs_a_fresh_proof(factors: Any) -> None:
    factors.clock.now += 301
    for act in (factors.totp.begin, factors.recovery.issue):
        with pytest.raises(LoginRequiredError):
            act(factors.ann, factors.session)
        with pytest.raises(LoginRequiredError):
            act(factors.ann, None)
    factors.session = factors.begin_session(b"new")
    factors.enrol()
    (one,) = factors.desk.list("id-ann")
    fresh_login = factors.begin_session(b"stolen password")
    with pytest.raises(FactorRequiredError):
        factors.desk.remove(factors.ann, fresh_login, one.id)
    with pytest.raises(FactorRequiredError):
        factors.totp.begin(factors.ann, fresh_login)
    assert factors.desk.list("id-ann") == [one]


def test_removal_of_the_last_factor_takes_the_recovery_codes_along(factors: Any) -> None:
    factors.enrol()
    factors.recovery.issue(factors.ann, factors.proved())
    (one,) = [each for each in factors.desk.list("id-ann") if each.kind == "totp"]
    with pytest.raises(NotFoundError):
        factors.desk.remove(factors.ann, factors.proved(), "another")
    factors.desk.remove(factors.ann, factors.proved(), one.id)
    assert not factors.store.list_account("id-ann")
    assert factors.world.letters()[-1] == ("ann@example.org", "A second factor was removed")
    assert factors.login.authenticate("ann", PASSWORD, client=CLIENT).half is None


def test_an_account_has_a_bounded_number_of_factors(factors: Any) -> None:
    for number in range(30):
        factors.store.add(FactorRecord(id=f"{number}", account_id="id-ann", kind="passkey", created=1.0))
    with pytest.raises(FactorLimitError):
        factors.totp.begin(factors.ann, factors.session)


@pytest.mark.parametrize("settings", [{"issuer": ""}, {"issuer": "a:b"}, {"recent": RecentLogin(roles=("admin",))}])
def test_settings_that_cannot_hold_are_refused(factors: Any, settings: dict[str, Any]) -> None:
    given = {"desk": factors.world.desk, "factors": factors.store, "ring": factors.desk.ring, "issuer": "Notes"}
    with pytest.raises(ConfigError):
        FactorDesk(**{**given, **settings})
    with pytest.raises(ConfigError):
        SecondFactor(desk=factors.world.desk, checks={})
