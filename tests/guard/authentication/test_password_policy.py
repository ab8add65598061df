"""Long, unknown to attackers, not the user's own name; nothing asks for signs."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard import Guard, public
from vallum.guard.authentication.password_policy import PasswordPolicy, PasswordProblem, WeakPasswordError

POLICY = PasswordPolicy(site=("Notebook",))


class Nobody:
    def contains(self, password: str) -> bool:
        return False


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("elf letters", PasswordProblem.TOO_SHORT),
        ("fourteen signs", PasswordProblem.TOO_SHORT),
        ("x" * 257, PasswordProblem.TOO_LONG),
        ("123456789qwerty", PasswordProblem.BREACHED),
        ("PasswordPassword", PasswordProblem.BREACHED),
        ("abababababababab", PasswordProblem.TOO_PLAIN),
        ("ann.lee@example.org", PasswordProblem.CONTEXT),
        ("ann.leeann.lee1!", PasswordProblem.CONTEXT),
        ("NoteBookNotebook1", PasswordProblem.CONTEXT),
        ("my ann.lee has six blue pencils", None),
        ("seven blue pencils", None),
        ("  seven blue penci", None),
        ("sieben blaue Stüh", None),
        ("zwölf große Bären \N{BEAR FACE}", None),
        ("only lower case letters make a phrase that nobody ever guesses x", None),
        ("v w x y z " * 25, None),
    ],
)
def test_the_words_of_the_policy(password: str, problem: PasswordProblem | None) -> None:
    assert POLICY.judge(password, ("ann.lee", "ann.lee@example.org")) is problem
    assert POLICY.judge(Secret(password), ("ann.lee", "ann.lee@example.org")) is problem


def test_twelve_is_the_floor_where_a_factor_is_asked_for() -> None:
    assert PasswordPolicy(shortest=12).judge("blue pencils") is None
    assert PasswordPolicy(shortest=12).judge("blue pencil") is PasswordProblem.TOO_SHORT


@pytest.mark.parametrize(
    "settings", [{"shortest": 11}, {"longest": 63}, {"shortest": 100, "longest": 99}, {"site": "notes"}]
)
def test_lengths_below_the_floors_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        PasswordPolicy(**settings)


def test_composition_exists_for_rules_from_elsewhere_only() -> None:
    old = PasswordPolicy(unsafe_composition=True, breached=Nobody())
    assert old.judge("seven blue pencils") is PasswordProblem.COMPOSITION
    assert old.judge("Seven 7 blue pencils") is None


def test_a_character_of_two_code_points_is_one() -> None:
    assert POLICY.judge("e\u0301" * 5 + "abcd") is PasswordProblem.TOO_SHORT


@given(st.text(min_size=64, max_size=200))
def test_no_long_password_is_refused_for_its_kind_of_characters(password: str) -> None:
    problem = PasswordPolicy(breached=Nobody()).judge(password)
    assert problem in {None, PasswordProblem.TOO_PLAIN, PasswordProblem.TOO_SHORT}


def test_the_answer_says_what_is_wrong_and_the_password_is_nowhere(
    policy: Callable, browse: Callable, events: list
) -> None:
    @public
    async def choose(request: Request) -> None:
        POLICY.check((await request.form())["password"], words=("ada",))

    app = Starlette(routes=[Route("/choose", choose, methods=["POST"])])
    Guard(app, policy=policy())
    for password, code in (("tea cup", "password-too-short"), ("123456789qwerty", "password-breached")):
        answer = browse(app)("POST", "/choose", data={"password": password})
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert password not in answer.text
        assert all(password not in str(event.detail) for event in events)
    with pytest.raises(WeakPasswordError) as caught:
        POLICY.check("short")
    assert caught.value.problem is PasswordProblem.TOO_SHORT
    assert caught.value.refusal.text == PasswordProblem.TOO_SHORT.text
