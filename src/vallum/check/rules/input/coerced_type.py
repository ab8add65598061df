"""Schemas at the border that turn one type into another, and privileges that are tested by their truthiness."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Class, last_word
from vallum.check.flow.walk import iter_nodes
from vallum.check.judging import guard_sites
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.inputs import CLIENT, inputs_of, iter_fields, schema_text, schemas_of
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_COERCED: Final = re.compile(r"\b(?:int|bool|float)\b")
_STRICT: Final = re.compile(r"strict[\"']?\s*[=:]\s*True|RequestModel|Strict(?:Int|Bool|Float)")
_FORM: Final = re.compile(r"Form\b")
_PRIVILEGE: Final = re.compile(
    r"^(?:is_?)?(?:admin|staff|superuser|root|owner|verified|moderator|paid|premium|approved|trusted)$", re.IGNORECASE
)
_PARTS: Final = CLIENT - {"headers", "META"}


def examine(project: Project) -> Iterator[Remark]:
    """Look at the schemas that handlers take from a JSON body, and at tests of privileges."""
    taken = {
        parameter.annotation.name.removesuffix("()")
        for route in project.routes
        for parameter in route.handler.parameters
        if parameter.annotation is not None and not _FORM.search(parameter.annotation.text)
    }
    remarks: list[Remark] = []
    for name, found in schemas_of(project).items():
        if name in taken and not is_test(found.place.path):
            remarks += _judge_schema(found, schema_text(found, project))
    remarks += _judge_tests(project)
    remarks += guard_sites(RULE, project, "vallum.guard.input.loaders.*")
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no schema reads a body here")


def _judge_schema(found: Class, text: str) -> Iterator[Remark]:
    if not any(base.rpartition(".")[2] in {"BaseModel", "RequestModel"} for base in found.bases):
        return
    lax = [
        last_word(field.targets[0])
        for field in iter_fields(found)
        if field.annotation is not None and _COERCED.search(found.module.text_of(field.annotation))
    ]
    if _STRICT.search(text):
        yield RULE.site(found.place, "strict")
    elif lax:
        yield RULE.finding(
            found.place,
            'A visitor sends "yes", 1 or "7" where a boolean or a number is meant, and it is taken as one.',
            f"{found.name} is not strict, and {lax[0]} is converted.",
            fix='model_config = ConfigDict(strict=True, extra="forbid")',
            confidence=Confidence.MEDIUM,
        )
    elif list(iter_fields(found)):
        yield RULE.site(found.place, "no field of it is converted")


def _judge_tests(project: Project) -> Iterator[Remark]:
    """`if request.json.get("isAdmin"):` without a comparison."""
    inputs = inputs_of(project)
    for function in project.functions:
        if "request" not in function.text or is_test(function.place.path):
            continue
        for node in iter_nodes(function.node):
            if not isinstance(node, nodes.If | nodes.Choice):
                continue
            tested = node.test
            if _PRIVILEGE.match(last_word(tested)) and inputs.read_from(
                tested, inputs.origins.scope_of(function), _PARTS
            ):
                yield RULE.finding(
                    function.module.place(tested),
                    'Any value that is not empty counts as yes, the text "false" too.',
                    "A privilege of the request is tested by its truthiness.",
                    fix="Take privileges from the session; compare flags of a strict schema.",
                )


RULE = Rule(
    slug="coerced-type",
    control="strict-types",
    languages=("python",),
    unit=("schema or test of a flag", "schemas and tests of flags"),
    sound="strict",
    examine=examine,
)
