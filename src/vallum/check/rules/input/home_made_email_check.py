"""E-mail addresses that are tested by a home-made pattern, split at the first `@`, or compared by their end."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Comparison
from vallum.check.judging import guard_sites
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_PATTERN: Final = re.compile(r"[\]+*?)\w.]@[\[(\\\w]")
_MATCHES: Final = ("re.match", "re.fullmatch", "re.search", "re.compile")
_ADDRESS: Final = re.compile(r"e?mail|address|\baddr\b|recipient|sender", re.IGNORECASE)
_DOMAIN: Final = re.compile(r"^[^@\s/]*[a-z0-9-]+\.[a-z]{2,}$", re.IGNORECASE)
_PARSERS: Final = (
    "email_validator.validate_email", "django.core.validators.validate_email", "vallum.guard.input.email_address.*",
)  # fmt: skip
_ATTACK: Final = "An address with two @, an empty label or a newline passes, and mail or trust goes to somebody else."
_FIX: Final = "parse_email(text, domains=...) of the guard, or email-validator after a test of the length (254)."


def examine(project: Project) -> Iterator[Remark]:
    """Look at patterns, splits and comparisons about addresses, and at what uses a parser."""
    remarks: list[Remark] = []
    for call in project.calls(*_MATCHES, "*.split", "*.endswith"):
        if not is_test(call.place.path):
            remarks += _judge(call)
    remarks += [remark for found in project.comparisons for remark in _judge_at(found)]
    remarks += [RULE.site(call.place, "a parser reads the address") for call in project.calls(*_PARSERS[:2])]
    remarks += guard_sites(RULE, project, _PARSERS[2])
    remarks += _judge_fields(project)
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no address is tested")


def _judge(call: Call) -> Iterator[Remark]:
    subject = call.receiver.text if call.receiver is not None else ""
    if call.name in _MATCHES:
        pattern = call.constant_of(0, "pattern")
        if isinstance(pattern, str) and _PATTERN.search(pattern) and "://" not in pattern and r"\." in pattern:
            why = "A pattern of one line knows neither the lengths nor the labels of an address."
            yield RULE.finding(call.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)
    elif call.method == "endswith":
        ends = call.constant_of(0)
        ends = ends if isinstance(ends, tuple) else (ends,)
        if _ADDRESS.search(subject) and any(isinstance(end, str) and _DOMAIN.match(end) for end in ends):
            why = "The end of the text also matches domains that merely end so: evil-example.com."
            yield RULE.finding(call.place, _ATTACK, why, fix=_FIX)


def _judge_at(found: Comparison) -> Iterator[Remark]:
    """`"@" not in email`."""
    if found.operator not in {"in", "not in"} or found.left.constant != "@" or is_test(found.place.path):
        return
    parsed = found.function is not None and "validate_email" in found.function.text
    if _ADDRESS.search(found.right.text) and not parsed:
        yield RULE.finding(found.place, _ATTACK, "An @ anywhere makes an address here.", fix=_FIX)


def _judge_fields(project: Project) -> Iterator[Remark]:
    """`address.split("@")[1]`, and fields of pydantic's type."""
    for module, outer in project.facts.bodies:
        if not re.search(r"@|EmailStr", module.source.text) or is_test(module.path):
            continue
        for node in project.facts.iter_body(module, outer):
            match node:
                case nodes.Subscript(
                    base=nodes.Call(function=nodes.Attribute(name="split"), arguments=(nodes.Const(value="@"), *_)),
                    index=nodes.Const(value=1),
                ):
                    why = "With two @ the second piece is not the domain."
                    yield RULE.finding(module.place(node), _ATTACK, why, fix=_FIX)
                case nodes.Assign(annotation=nodes.Name(id="EmailStr" | "EmailAddress")):
                    yield RULE.site(module.place(node), "the type parses the address")


RULE = Rule(
    slug="home-made-email-check",
    control="email-validation",
    languages=("python",),
    unit=("test of an address", "tests of addresses"),
    sound="parsed",
    examine=examine,
)
