"""What is known of a schema's failure: fields, codes and nothing that was sent."""

import asyncio
import enum
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, HttpUrl, ValidationError

from vallum.guard.errors.failure import describe_error, ends_run, unwrap_error
from vallum.guard.errors.validation import Failure, ValidationFailedError, code_of, find_failures
from vallum.guard.input.models import InputRefusedError, bind_model
from vallum.guard.logging.quoted_values import format_stack

SENT = "zebra-that-was-sent"


class Color(enum.Enum):
    RED = "red"


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = Field("abc", min_length=3, max_length=5, pattern="^[a-z]+$")
    size: int = Field(1, ge=1, lt=10, multiple_of=3)
    kind: Literal["a", "b"] = "a"
    color: Color = Color.RED
    link: HttpUrl | None = None
    tags: dict[str, int] = {}


class Needed(BaseModel):
    name: str


def failures(model: type[BaseModel], **values: Any) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(values)
    return [(failure.path, failure.code) for failure in find_failures(caught.value) or ()]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"name": "ab"}, ("name", "too-short")),
        ({"name": "abcdef"}, ("name", "too-long")),
        ({"name": "AB1"}, ("name", "format")),
        ({"name": 7}, ("name", "type")),
        ({"size": 0}, ("size", "range")),
        ({"size": 10}, ("size", "range")),
        ({"size": 4}, ("size", "range")),
        ({"size": "x"}, ("size", "type")),
        ({"kind": SENT}, ("kind", "choice")),
        ({"color": SENT}, ("color", "choice")),
        ({"link": "gopher:"}, ("link", "format")),
        ({"tags": {"<b>": "x"}}, ("tags.?", "type")),
        ({SENT: 1}, ("", "unknown")),
    ],
)
def test_codes_are_our_own(values: dict[str, Any], told: tuple[str, str]) -> None:
    assert failures(Shape, **values)[0] == told


def test_what_is_missing_is_named() -> None:
    assert failures(Needed) == [("name", "required")]


class Struct(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    kind: Literal["a"] = "a"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{}", ("name", "required")),
        (b'{"name": 1}', ("name", "type")),
        (b'{"name": "x", "kind": "zebra"}', ("kind", "choice")),
        (b'{"name": "x", "zebra": 1}', ("", "unknown")),
    ],
)
def test_msgspec(body: bytes, told: tuple[str, str]) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(body, type=Struct)
    assert [(failure.path, failure.code) for failure in find_failures(caught.value) or ()] == [told]


def test_other_errors_are_no_failures_of_a_schema() -> None:
    assert find_failures(ValueError(SENT)) is None
    assert unwrap_error(error := ValueError(SENT)) is error


def test_the_answer_is_made_of_the_failures_alone() -> None:
    error = ValidationFailedError([Failure("title", "type", "body")] * 3, "line 7")
    assert error.refusal.members == {"errors": [{"field": "body.title", "code": "type"}]}
    assert error.refusal.text.endswith("Look at: title.")
    assert error.detail == {"cause": "line 7; body.title: type"}


def test_the_answer_has_an_end() -> None:
    errors = ValidationFailedError(Failure(f"f{number}", "type") for number in range(5_000)).refusal.members["errors"]
    assert isinstance(errors, list)
    assert len(errors) == 100


@given(st.text(max_size=40))
def test_every_kind_has_a_code(kind: str) -> None:
    assert code_of(kind) in {
        "required",
        "unknown",
        "type",
        "too-short",
        "too-long",
        "range",
        "choice",
        "format",
        "invalid",
    }


def test_what_binds_dataclasses_and_models_names_fields_as_well() -> None:
    with pytest.raises(InputRefusedError) as caught:
        bind_model({"name": 1}, Needed)
    assert [(failure.path, failure.code) for failure in caught.value.failures] == [("name", "type")]
    public = unwrap_error(caught.value)
    assert isinstance(public, ValidationFailedError)
    assert public.refusal.members == {"errors": [{"field": "name", "code": "type"}]}


def quoting() -> BaseException:
    try:
        Needed.model_validate({"name": {SENT: SENT}})
    except ValidationError as error:
        return error
    raise RuntimeError


@pytest.mark.parametrize("wrap", [lambda e: e, lambda e: ExceptionGroup("x", [e]), lambda e: linked(e, "__context__")])
def test_a_stack_leaves_out_what_a_schema_quotes(wrap: Any) -> None:
    stack = describe_error(wrap(quoting()))["stack"]
    assert SENT not in stack
    assert "model_validate" in stack


def linked(error: BaseException, name: str) -> BaseException:
    outer = RuntimeError("outer")
    setattr(outer, name, error)
    return outer


def test_a_chain_in_a_ring_ends() -> None:
    first, second = ValueError("first"), ValueError("second")
    first.__context__, second.__cause__ = second, first
    assert "second" in format_stack(first)


class StrayError(BaseException):
    pass


@pytest.mark.parametrize(
    ("error", "ends"),
    [
        (ValueError(), False),
        (StrayError(), False),
        (KeyboardInterrupt(), True),
        (SystemExit(), True),
        (GeneratorExit(), True),
        (asyncio.CancelledError(), True),  # outside of a loop nobody can tell
        (BaseExceptionGroup("x", [StrayError(), ValueError()]), False),
        (BaseExceptionGroup("x", [StrayError(), BaseExceptionGroup("y", [SystemExit()])]), True),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_ends_a_run_is_not_answered(error: BaseException, *, ends: bool) -> None:
    assert ends_run(error) is ends


def test_a_request_that_is_cancelled_ends_and_one_that_waited_for_such_fails() -> None:
    async def wait() -> list[bool]:
        told = [ends_run(asyncio.CancelledError())]
        task = asyncio.current_task()
        if task is not None:
            task.cancel()
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError as error:
            told.append(ends_run(error))
        return told

    assert asyncio.run(wait()) == [False, True]
