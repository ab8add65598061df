import copy
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.secret import Secret

CANARY = "canary-7f3a91"


@pytest.mark.parametrize("show", [repr, str, "{}".format, "{!r:>40}".format, "{:>40}".format, lambda s: f"{s}"])
def test_secret_never_shows_itself(show):
    assert CANARY not in show(Secret(CANARY))


def test_secret_is_given_back_only_by_name():
    assert Secret(CANARY).reveal() == CANARY
    assert Secret(b"key").reveal() == b"key"


@pytest.mark.parametrize("escape", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, vars, hash])
def test_secret_cannot_leave_by_a_side_door(escape):
    with pytest.raises(TypeError) as refusal:
        escape(Secret(CANARY))
    assert CANARY not in str(refusal.value)


def test_secret_does_not_stand_in_a_traceback_of_its_holder():
    with pytest.raises(KeyError) as refusal:
        raise KeyError(Secret(CANARY))
    assert CANARY not in str(refusal.value)


@given(st.text(), st.text())
def test_secrets_are_equal_when_their_values_are(left, right):
    assert (Secret(left) == Secret(right)) is (left == right)


def test_secret_never_equals_a_bare_value():
    assert Secret("x") != "x"
    assert Secret("x") == Secret(b"x")


def test_secret_tells_its_length_and_emptiness():
    assert len(Secret("four")) == 4
    assert not Secret("")
    assert Secret("x")
