"""Answers that say why a token was refused."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Function
from vallum.check.flow.walk import iter_nodes
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.answers import Answer, list_answers
from vallum.check.readings.catches import Catch, find_catches
from vallum.check.readings.origins import origins_of
from vallum.check.rule import Rule
from vallum.findings.finding import Remark, Silence
from vallum.findings.place import Place

_ERRORS: Final = re.compile(
    r"Expired\w*|Invalid\w*(?:Token|Signature|Audience|Issuer|Claim|Algorithm|IssuedAt|Key)\w*"
    r"|DecodeError|JWT\w*|JWS\w*|Immature\w*|MissingRequiredClaimError|PyJWTError|BadSignature\w*|JoseError|BadTokenError"
)
_TELLS: Final = re.compile(
    r"\bexpired\b|another audience|wrong (?:audience|issuer|type|signature)"
    r"|invalid (?:audience|issuer|signature|token type)"
    r"|signature (?:is )?(?:invalid|wrong|failed)|\brevoked\b|malformed|cannot be (?:read|decoded)|decode"
    r"|bad signature",
    re.IGNORECASE,
)
_ATTACK: Final = "Somebody who tries tokens learns whether the signature was right, and which check refused it."
_FIX: Final = "Answer every refused token with one text and the plain challenge; write the cause to the log."
_UNTOLD: Final = 400


def examine(project: Project) -> Iterator[Remark]:
    """Look at every `except` for the errors of tokens, and at the handlers that are registered for them."""
    seen: set[Place] = set()
    looked = False
    for catch in _catches_of_tokens(project):
        looked = True
        told = list(_told(catch, project))
        for place, why in told:
            if place not in seen:
                seen.add(place)
                yield RULE.finding(place, _ATTACK, why, fix=_FIX)
        if not told:
            yield RULE.site(catch.place)
    for function in _handlers(project):
        looked = True
        judged = [(answer, _why(answer, _first(function))) for answer in list_answers(function, project)]
        for answer, why in judged:
            if why and answer.place not in seen:
                seen.add(answer.place)
                yield RULE.finding(answer.place, _ATTACK, why, fix=_FIX)
        if not any(why for _, why in judged):
            yield RULE.site(function.place)
    if not looked:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no error of a token is answered")


def _catches_of_tokens(project: Project) -> Iterator[Catch]:
    """Clauses for a library's errors, and broad ones around a call that reads a token."""
    for catch in find_catches(project):
        named = any(_ERRORS.fullmatch(word) for word in catch.words)
        reads = catch.is_broad and any(
            re.search(r"token|jwt", catch.module.text_of(node), re.IGNORECASE) is not None
            and re.search(r"decode|read|verify|validate", catch.module.text_of(node)) is not None
            for part in catch.attempt.body
            for node in iter_nodes(part)
            if isinstance(node, nodes.Call)
        )
        if named or reads:
            yield catch


def _told(catch: Catch, project: Project) -> Iterator[tuple[Place, str]]:
    function = project.facts.function_at(catch.scope)
    inside = {id(node) for node in catch.nodes()}
    if function is None:
        return
    for answer in list_answers(function, project):
        if id(answer.node) in inside:
            why = _why(answer, catch.handler.name)
            if why:
                yield answer.place, why


def _why(answer: Answer, error: str) -> str:
    refuses = answer.status is None or answer.status < 0 or answer.status >= _UNTOLD
    if not refuses:
        return ""
    names = {node.id for part in answer.body for node in iter_nodes(part) if isinstance(node, nodes.Name)}
    if error and error in names:
        return "The exception's own text is in the answer."
    return f'The answer says "{answer.text[:60]}".' if _TELLS.search(answer.text) else ""


def _handlers(project: Project) -> Iterator[Function]:
    """What Flask and Starlette call for a library's errors."""
    for call in project.calls("*.register_error_handler", "*.add_exception_handler"):
        caught, handler = call.argument(0), call.argument(1)
        if caught is None or handler is None or is_test(call.place.path) or not _ERRORS.fullmatch(caught.words):
            continue
        function = origins_of(project).function_named(handler.name)
        if function is not None:
            yield function
    for function in project.functions:
        for decorator in function.decorators:
            registers = decorator.name.rpartition(".")[2] in {"errorhandler", "app_errorhandler", "exception_handler"}
            if registers and decorator.arguments and _ERRORS.fullmatch(decorator.arguments[0].words):
                yield function


def _first(function: Function) -> str:
    names = [parameter.name for parameter in function.parameters]
    return names[-1] if names else ""


RULE = Rule(
    slug="bearer-error-tells-cause",
    control="bearer-errors-uniform",
    languages=("python",),
    unit=("answer to a refused token", "answers to refused tokens"),
    sound="one answer",
    examine=examine,
)
