"""Any sequence of requests: whoever is signed in has shown every proof, and whoever has shown them is signed in.

A model says what was proved beside an app with accounts, which is asked through its endpoints only. `make machines`
looks for longer.
"""

import os
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.guard.conftest import Browser
from vallum.base.secret import Secret
from vallum.crypto.passwords.argon2id import UNSAFE_CHEAPEST
from vallum.guard import Environment, Guard, GuardPolicy, Identity, signed_in
from vallum.guard.authentication.jobs import ImmediateJobs
from vallum.guard.authentication.passwords import PasswordHasher
from vallum.guard.identity.fastapi import CurrentUser
from vallum.guard.identity.testing import FrozenClock, IdentityKit

PASSWORDS = PasswordHasher(UNSAFE_CHEAPEST, workers=1, refusal_delay=0)
SECRET = Secret("Zk3vR8sN1qLw6yTb9xHc2mJf5pGd7uEa0oWiVtYn")
IS_LONG = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
HALF, RESET, ACCESS, STEP = 600, 900, 930, 30
SURE = 1500
"""Within these seconds after its beginning no session ends by itself."""
PEOPLE = st.sampled_from(["ada", "bob"])
BROWSERS = st.sampled_from([0, 1, 2])
WRONG = ("wrong password here", "")


@dataclass
class Person:
    """What is true of an account."""

    account: Any
    password: str
    code: Any = None
    is_active: bool = True
    generation: int = 0
    last_step: int = -1
    old: list[str] = field(default_factory=list)


@dataclass
class Grant:
    """Something that was handed out, to whom, in which generation of her account and when."""

    who: str
    generation: int
    created: float
    family: str = ""
    is_over: bool = False
    newest: bool = True
    replaced: float = 0.0


class SignedIn(RuleBasedStateMachine):
    """Ada has a second factor, Bob has none; three browsers, and whoever holds a token."""

    @initialize()
    def open(self) -> None:
        self.clock = FrozenClock()
        app = FastAPI(openapi_url=None)
        policy = GuardPolicy(environment=Environment.TEST, clock=self.clock, secrets=(SECRET,), sink=lambda _: None)
        identity = Identity(jobs=ImmediateJobs(), passwords=PASSWORDS, standing_seconds=0)
        self.kit = IdentityKit(Guard(app, policy=policy, identity=identity))

        @app.get("/me")
        @signed_in
        async def me(user: CurrentUser) -> str:
            return user.login

        self.browsers = [Browser(app, "https://localhost", (f"203.0.113.{n}", 1)) for n in range(3)]
        self.stranger = Browser(app, "https://localhost", ("198.51.100.7", 1))
        self.people: dict[str, Person] = {}
        for name in ("ada", "bob"):
            password = f"seven blue pencils of {name}"
            account = self.kit.add_account(f"{name}@example.org", password=password)
            self.people[name] = Person(account, password)
        self.people["ada"].code = self.kit.add_app(self.people["ada"].account)
        self.clock.move(STEP)
        self.sessions: dict[str, Grant] = {}
        self.halves: dict[str, Grant] = {}
        self.links: dict[str, Grant] = {}
        self.accesses: dict[str, Grant] = {}
        self.refreshes: dict[str, Grant] = {}
        self.ended: set[str] = set()

    # What is asked, and what a good answer must have been preceded by.

    @rule(browser=BROWSERS, who=PEOPLE, kind=st.sampled_from(["right", "right", "old", "wrong", "the other's"]))
    def log_in(self, browser: int, who: str, kind: str) -> None:
        password = self._password(who, kind)
        before = self._cookie(browser, "session")
        answer = self._send(browser, "/login", login=f"{who}@example.org", password=password)
        person = self.people[who]
        if answer.status_code != 200:
            return
        assert person.is_active
        assert password == person.password
        if "user" in answer.json():
            assert person.code is None, "a password alone is not enough for Ada"
            self._begin(browser, who, before)
        else:
            self.halves[self._cookie(browser, "half")] = self._grant(who)

    @rule(browser=BROWSERS, kind=st.sampled_from(["now", "now", "now", "old", "used", "wrong"]))
    def show_code(self, browser: int, kind: str) -> None:
        ada, half = self.people["ada"], self.halves.get(self._cookie(browser, "half"))
        before = self._cookie(browser, "session")
        used = self.clock.now - ada.last_step * STEP if ada.last_step > 0 else 90
        shift = {"old": 90, "used": used}.get(kind, 0)
        self.clock.move(-shift)
        code, step = ("000000" if kind == "wrong" else ada.code()), int(self.clock.now // STEP)
        self.clock.move(shift)
        answer = self._send(browser, "/login/factor", kind="totp", code=code)
        if answer.status_code != 200:
            return
        assert half is not None, "a code without a half login"
        assert self._stands(half)
        assert self.clock.now - half.created <= HALF
        assert kind == "now"
        assert step > ada.last_step, "a code that was used"
        half.is_over, ada.last_step = True, step
        self._begin(browser, "ada", before)

    @rule(who=PEOPLE)
    def ask_for_a_link(self, who: str) -> None:
        before = len(self.kit.mails)
        self._send(0, "/password/reset", email=f"{who}@example.org")
        if len(self.kit.mails) > before and "token=" in self.kit.mails[-1].text:
            for link in self.links.values():
                link.is_over = link.is_over or link.who == who
            self.links[self.kit.last_token()] = self._grant(who)

    @precondition(lambda self: self.links)
    @rule(browser=BROWSERS, data=st.data())
    def use_a_link(self, browser: int, data: Any) -> None:
        token = data.draw(st.sampled_from(list(self.links)))
        link, new = self.links[token], f"nine green crayons {len(self.people['ada'].old)}{len(self.people['bob'].old)}"
        answer = self._send(browser, "/password/reset/confirm", token=token, new_password=new)
        if answer.status_code == 200:
            assert self._stands(link)
            assert self.clock.now - link.created <= RESET
            link.is_over = True
            self._renew(link.who, new)
        assert "user" not in answer.json(), "a reset signs nobody in"

    @rule(browser=BROWSERS, kind=st.sampled_from(["right", "old", "wrong"]))
    def change_the_password(self, browser: int, kind: str) -> None:
        session = self.sessions.get(before := self._cookie(browser, "session"))
        who = session.who if session is not None else "bob"
        new = f"eleven red rulers {len(self.people['ada'].old)}{len(self.people['bob'].old)}"
        password = self._password(who, kind)
        answer = self._send(browser, "/password", password=password, new_password=new)
        if answer.status_code == 200:
            assert session is not None
            assert self._stands(session)
            assert password == self.people[who].password
            self._renew(who, new)
            self._begin(browser, who, before)

    @rule(browser=BROWSERS, everywhere=st.booleans())
    def log_out(self, browser: int, everywhere: bool) -> None:
        session = self.sessions.get(self._cookie(browser, "session"))
        answer = self._send(browser, "/logout/everywhere" if everywhere else "/logout")
        if answer.status_code != 200 or session is None:
            return
        session.is_over = True
        if everywhere:
            for other in (*self.sessions.values(), *self.refreshes.values()):
                other.is_over = other.is_over or other.who == session.who

    @rule(who=PEOPLE, enable=st.booleans())
    def close_or_open_the_account(self, who: str, enable: bool) -> None:
        person, care = self.people[who], self.kit.parts.care
        if enable:
            care.enable(person.account.id)
            person.is_active = True
        else:
            care.disable(person.account.id)
            person.is_active = False
            person.generation += 1

    @rule(source=BROWSERS, thief=BROWSERS, half=st.booleans())
    def steal_a_cookie(self, source: int, thief: int, half: bool) -> None:
        for name, value in self.browsers[source].cookies.items():
            if ("half" in name) is half:
                self.browsers[thief].cookies[name] = value

    @precondition(lambda self: self.halves)
    @rule(browser=BROWSERS, data=st.data())
    def come_back_with_an_old_half_login(self, browser: int, data: Any) -> None:
        newest_first = list(self.halves)[::-1]
        self.browsers[browser].cookies["__Host-half-login"] = data.draw(st.sampled_from(newest_first))
        if data.draw(st.booleans()):
            self.take_time_and_show_a_code(browser)

    @precondition(lambda self: self.sessions)
    @rule(browser=BROWSERS, data=st.data())
    def come_back_with_an_old_session(self, browser: int, data: Any) -> None:
        self.browsers[browser].cookies["__Host-session"] = data.draw(st.sampled_from(list(self.sessions)))

    @rule(browser=BROWSERS)
    def pass_a_half_login_off(self, browser: int) -> None:
        if half := self._cookie(browser, "half"):
            self.browsers[browser].cookies["__Host-session"] = half

    @rule(browser=BROWSERS)
    def take_tokens_by_a_session(self, browser: int) -> None:
        session = self.sessions.get(self._cookie(browser, "session"))
        answer = self._send(browser, "/token/session")
        if answer.status_code == 200:
            assert session is not None
            assert self._stands(session)
            self._keep_pair(answer.json(), session.who, str(len(self.refreshes)))

    @rule(who=PEOPLE, kind=st.sampled_from(["right", "old", "wrong"]))
    def take_tokens_by_a_password(self, who: str, kind: str) -> None:
        password, person = self._password(who, kind), self.people[who]
        answer = self.stranger("POST", "/account/token", json={"login": f"{who}@example.org", "password": password})
        if answer.status_code == 200 and "access_token" in answer.json():
            assert person.is_active
            assert person.code is None, "tokens are no way around the second factor"
            assert password == person.password
            self._keep_pair(answer.json(), who, str(len(self.refreshes)))

    @precondition(lambda self: self.refreshes)
    @rule(data=st.data())
    def refresh(self, data: Any) -> None:
        token = data.draw(st.sampled_from(list(self.refreshes)))
        grant = self.refreshes[token]
        answer = self.stranger("POST", "/account/token/refresh", json={"refresh_token": token})
        if answer.status_code == 200:
            assert self._stands(grant)
            assert grant.family not in self.ended
            assert grant.newest or self.clock.now - grant.replaced <= 5
            grant.newest, grant.replaced = False, grant.replaced or self.clock.now
            self._keep_pair(answer.json(), grant.who, grant.family)
        elif answer.status_code == 401 and not grant.newest and self._stands(grant):
            self.ended.add(grant.family)

    @rule(seconds=st.sampled_from([1, 6, 31, 200, 901]))
    def wait(self, seconds: int) -> None:
        self.clock.move(seconds)

    # Limits let few tries through, so these wait first: the way in, and the way to its half.

    @rule(browser=BROWSERS)
    def take_time_and_log_in(self, browser: int) -> None:
        self.clock.move(901)
        self.log_in(browser, "ada", "right")

    @rule(browser=BROWSERS)
    def take_time_and_show_a_code(self, browser: int) -> None:
        self.clock.move(STEP + 1)
        self.show_code(browser, "now")

    # What holds after every request.

    @invariant()
    def a_browser_is_signed_in_exactly_by_its_proofs(self) -> None:
        for number, browser in enumerate(self.browsers):
            session = self.sessions.get(self._cookie(number, "session"))
            answer = browser("GET", "/me")
            if answer.status_code == 200:
                assert session is not None
                assert self._stands(session)
                assert answer.json() == f"{session.who}@example.org"
            elif session is not None and self.clock.now - session.created < SURE:
                assert answer.status_code == 401
                assert not self._stands(session), "who has shown everything is let in"

    @invariant()
    def a_token_counts_exactly_by_its_proofs(self) -> None:
        for token, grant in list(self.accesses.items())[-3:]:
            headers = {"authorization": f"Bearer {token}"}
            if self.stranger("GET", "/me", headers=headers).status_code == 200:
                assert self._stands(grant)
                assert self.clock.now - grant.created <= ACCESS
                assert grant.family not in self.ended

    def _stands(self, grant: Grant) -> bool:
        person = self.people[grant.who]
        return person.is_active and person.generation == grant.generation and not grant.is_over

    def _grant(self, who: str, family: str = "") -> Grant:
        return Grant(who, self.people[who].generation, self.clock.now, family)

    def _begin(self, browser: int, who: str, before: str) -> None:
        """A session began in a browser, in the place of the one `before`."""
        cookie = self._cookie(browser, "session")
        if before in self.sessions:
            self.sessions[before].is_over = True
        assert cookie
        assert cookie not in self.sessions, "a session of its own"
        self.sessions[cookie] = self._grant(who)

    def _renew(self, who: str, password: str) -> None:
        person = self.people[who]
        person.old.append(person.password)
        person.password, person.generation = password, person.generation + 1

    def _keep_pair(self, pair: dict[str, Any], who: str, family: str) -> None:
        self.accesses[pair["access_token"]] = self._grant(who, family)
        self.refreshes.setdefault(pair["refresh_token"], self._grant(who, family))

    def _password(self, who: str, kind: str) -> str:
        person = self.people[who]
        if kind == "the other's":
            return self.people["bob" if who == "ada" else "ada"].password
        return {"right": person.password, "old": (person.old or WRONG)[-1]}.get(kind, WRONG[0])

    def _cookie(self, browser: int, part: str) -> str:
        found = [
            value
            for name, value in self.browsers[browser].cookies.items()
            if name.endswith(part + "-login" if part == "half" else part)
        ]
        return found[0] if found else ""

    def _send(self, browser: int, path: str, **fields: Any) -> Any:
        sender = self.browsers[browser]
        token = sender("GET", "/account/session").json()["csrf_token"]
        return sender("POST", f"/account{path}", json=fields, headers={"x-csrf-token": token})


SignedIn.TestCase.settings = settings(
    max_examples=200 if IS_LONG else 12,
    stateful_step_count=50 if IS_LONG else 20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestSignedIn = SignedIn.TestCase
