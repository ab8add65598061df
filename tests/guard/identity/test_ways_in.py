"""No sequence of requests reaches a signed-in state without all proofs: a state machine over the endpoints."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

PASSWORD, NEW = "seven blue pencils", "eleven green rulers"
BROWSERS = st.integers(0, 1)
ADA, BOB = "ada@example.org", "bob@example.org"


class Browsing(RuleBasedStateMachine):
    """Two browsers that try everything on ada, who has an app; and what each of them has proved so far.

    `half` is whose password the browser's half login has proved; `inside` whom it may be signed in as.
    """

    build: Any
    browse: Any
    send: Any

    def __init__(self) -> None:
        super().__init__()
        self.app, self.kit = self.build()
        self.clock = self.kit.parts.policy.clock
        self.accounts = {name: self.kit.add_account(name, password=PASSWORD) for name in (ADA, BOB)}
        self.code = self.kit.add_app(self.accounts[ADA])
        self.password, self.used, self.factors = PASSWORD, set(), True
        self.browsers = [self.browse(self.app) for _ in range(2)]
        self.half = ["", ""]
        self.lost: list[tuple[str, float]] = []
        self.inside: list[set[str]] = [set(), set()]

    def post(self, number: int, path: str, **fields: str) -> Any:
        answer = self.send(self.browsers[number], path, **fields)
        assert answer.status_code < 500, (path, answer.text)
        user = self.browsers[number]("GET", "/account/session").json()["user"]
        assert user is None or user["id"] in self.inside[number], path
        return answer

    @initialize()
    def begin(self) -> None:
        """The interesting half of the way is behind both."""
        for number in (0, 1):
            self.log_in(number, ADA, PASSWORD)

    @rule(number=BROWSERS, name=st.sampled_from([ADA, ADA, BOB]), guess=st.sampled_from([PASSWORD, NEW, "wrong"]))
    def log_in(self, number: int, name: str, guess: str) -> None:
        right = guess == (self.password if name == ADA else PASSWORD)
        if right and (name == BOB or not self.factors):
            self.inside[number].add(self.accounts[name].id)
        answer = self.post(number, "/login", login=name, password=guess)
        assert right or answer.status_code in {401, 429}
        if answer.status_code == 200 and name == ADA and self.factors:
            self.half[number] = ADA

    @rule(number=BROWSERS, kind=st.sampled_from(["totp", "recovery", "email", "passkey"]))
    def show_code(self, number: int, kind: str) -> None:
        code = self.code()
        if kind == "totp" and self.half[number] == ADA and code not in self.used and self.factors:
            self.inside[number].add(self.accounts[ADA].id)
        answer = self.post(number, "/login/factor", kind=kind, code=code)
        if answer.status_code == 200:
            assert code not in self.used
            self.used.add(code)
            self.half[number] = ""

    @rule(number=BROWSERS)
    def guess_code(self, number: int) -> None:
        assert self.post(number, "/login/factor", kind="totp", code="000000").status_code in {401, 429}

    @rule(number=BROWSERS, path=st.sampled_from(["/login/factor/code", "/login/factor/passkey", "/factors/code"]))
    def ask_for_codes(self, number: int, path: str) -> None:
        self.post(number, path)

    @rule(number=BROWSERS)
    def copy_half_into_session(self, number: int) -> None:
        secret = self.browsers[number].cookies.get("__Host-half-login", "x" * 43)
        before = dict(self.browsers[number].cookies)
        self.browsers[number].cookies = {"__Host-session": secret, "insecure-session": secret}
        assert self.browsers[number]("GET", "/me").status_code == 401
        self.browsers[number].cookies = before

    @rule(number=BROWSERS, path=st.sampled_from(["/token", "/login/again", "/factors/confirm", "/token/session"]))
    def take_a_side_way(self, number: int, path: str) -> None:
        fields = {"login": ADA, "password": self.password, "kind": "totp", "code": "000000"}
        answer = self.post(number, path, **fields)
        if path == "/token" and self.factors:
            assert answer.status_code in {401, 429}
        if not self.inside[number]:
            assert path == "/token" or answer.status_code in {401, 403}

    @rule(number=BROWSERS)
    def reset(self, number: int) -> None:
        if self.post(number, "/password/reset", email=ADA).status_code == 429:
            return
        self.half = ["", ""]
        new = NEW if self.password == PASSWORD else PASSWORD
        if (
            self.post(number, "/password/reset/confirm", token=self.kit.last_token(), new_password=new).status_code
            == 200
        ):
            self.password = new

    @rule(number=BROWSERS)
    def report_lost(self, number: int) -> None:
        if self.post(number, "/login/factor/lost/begin").status_code == 200:
            assert self.half[number]
            self.half[number] = ""
            self.lost.append((self.kit.last_token(), self.clock()))

    @precondition(lambda self: self.lost)
    @rule(number=BROWSERS)
    def use_lost_link(self, number: int) -> None:
        token, reported = self.lost[-1]
        answer = self.post(number, "/login/factor/lost", token=token, password=self.password)
        if answer.status_code == 200:
            assert self.clock() - reported >= 86_400
            self.factors = False

    @rule(seconds=st.sampled_from([31, 301, 901, 86_500]))
    def wait(self, seconds: int) -> None:
        self.clock.move(seconds)

    @rule(number=BROWSERS)
    def log_out(self, number: int) -> None:
        self.post(number, "/logout")
        assert self.browsers[number]("GET", "/me").status_code == 401


def test_no_sequence_of_requests_gets_in_with_less_than_all_proofs(build: Any, browse: Any, send: Any) -> None:
    machine = type(
        "Machine",
        (Browsing,),
        {"build": staticmethod(build), "browse": staticmethod(browse), "send": staticmethod(send)},
    )
    default = settings.default
    assert default is not None
    run_state_machine_as_test(
        machine, settings=settings(default, max_examples=default.max_examples // 3, stateful_step_count=12)
    )
