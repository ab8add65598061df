"""Whole bodies that become rows, and schemas that let privileged or unknown fields through."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Argument, Call, Class, last_word
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.inputs import Inputs, inputs_of, is_bound, iter_fields, schema_text, schemas_of
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_WRITES: Final = frozenset({
    "create", "update", "insert", "save", "values", "get_or_create", "update_or_create", "insert_one", "replace_one",
    "add", "bulk_create", "create_user", "acreate", "aupdate",
})  # fmt: skip
_MODEL: Final = re.compile(r"^[A-Z]\w*[a-z]\w*$")
_PRIVILEGED: Final = frozenset({
    "role", "roles", "is_admin", "isadmin", "admin", "is_staff", "is_superuser", "superuser", "permissions", "owner",
    "owner_id", "isstaff", "is_verified", "email_verified", "balance",
})  # fmt: skip
_TAKES: Final = re.compile(
    r"New|Create|Update|Regist|Signup|SignUp|Edit|Patch|Change|Input|Payload|Request|Form|In$|Write"
)
_GIVES: Final = re.compile(r"Out$|Response|Reply|Read$|View$|Public|Detail|Row$|Result|InDB|Admin|Role|Grant|Account$")
_FORMS: Final = re.compile(r"(?:^|\.)(?:ModelForm|ModelSerializer|HyperlinkedModelSerializer)$")
_ATTACK: Final = "A visitor adds a field to the request, such as is_admin=1 or another owner, and it is stored."
_FIX: Final = "Name each field that the action may write, from a schema with extra='forbid'."


def examine(project: Project) -> Iterator[Remark]:
    """Look at what is written from bodies, and at the schemas and forms that let it in."""
    inputs = inputs_of(project)
    remarks = [
        remark
        for call in project.calls()
        if (call.method in _WRITES or call.method == "setattr" or _MODEL.match(call.method))
        and not is_test(call.place.path)
        for remark in _judge_call(call, inputs, project)
    ]
    taken = _taken(project)
    for found in schemas_of(project).values():
        if not is_test(found.place.path):
            remarks += _judge_schema(found, taken, schema_text(found, project))
    remarks += [remark for found in project.classes for remark in _judge_form(found)]
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "nothing is written from a request")


def _judge_call(call: Call, inputs: Inputs, project: Project) -> Iterator[Remark]:
    if call.name == "setattr":
        name = call.argument(1)
        if name is None or name.known or call.function is None:
            return
        if name.tainted or inputs.reads(name):
            if is_bound(name.text, call.function):
                yield RULE.site(call.place, "the field's name is looked up in a list")
            else:
                yield RULE.finding(call.place, _ATTACK, "The request says which attribute is set.", fix=_FIX)
        return
    if _MODEL.match(call.method) and call.name in schemas_of(project):
        return
    whole = next((one for one in call.arguments if _is_whole(one, call) and inputs.reads(one)), None)
    if whole is not None:
        why = f"`{call.method}` takes every field of the body."
        yield RULE.finding(call.place, _ATTACK, why, fix=_FIX)


def _is_whole(argument: Argument, call: Call) -> bool:
    """A whole dictionary: `**body`, `create(body)`, `update("users", key, dict(form))`."""
    if argument.keyword == "**":
        return True
    if argument.keyword or _MODEL.match(call.method) or call.method == "add":
        return False
    node = argument.node
    if isinstance(node, nodes.Call):
        node = node.arguments[0] if last_word(node.function) == "dict" and node.arguments else node.function
    if isinstance(node, nodes.Await):
        node = node.value
    if not isinstance(node, nodes.Name | nodes.Attribute | nodes.Call):
        return False
    alone = len([one for one in call.arguments if not one.keyword]) == 1
    receiver = call.receiver.text if call.receiver is not None else ""
    return (
        not (call.method == "update" and alone)
        or re.search(r"\.objects|\.query|filter|collection", receiver) is not None
    )


def _taken(project: Project) -> frozenset[str]:
    """The schemas that a handler takes as a parameter."""
    return frozenset(
        parameter.annotation.name.removesuffix("()")
        for route in project.routes
        for parameter in route.handler.parameters
        if parameter.annotation is not None
    )


def _judge_schema(found: Class, taken: frozenset[str], text: str) -> Iterator[Remark]:
    enters = found.qualified in taken or (_TAKES.search(found.name) and not _GIVES.search(found.name))
    if not enters:
        return
    if "unsafe_writable" in text:
        yield RULE.site(found.place, "a privilege is named as writable on purpose")
        return
    broken = False
    for field in iter_fields(found):
        name, place = last_word(field.targets[0]), found.module.place(field)
        if name == "model_config" and re.search(r"extra[\"']?\s*[=:]\s*[\"']allow", found.module.text_of(field)):
            broken = True
            yield RULE.finding(place, _ATTACK, "Unknown fields pass the schema.", fix='extra="forbid"')
        elif field.annotation is not None and name.lower() in _PRIVILEGED and not _GIVES.search(found.name):
            broken = True
            why = f"{found.name} takes {name} from the client."
            fix = f"Leave {name} out of the schema; the server sets it."
            yield RULE.finding(place, _ATTACK, why, fix=fix, confidence=Confidence.MEDIUM)
    if not broken and re.search(r"extra[\"']?\s*[=:]\s*[\"']forbid|RequestModel", text):
        yield RULE.site(found.place, "unknown fields are refused")


def _judge_form(found: Class) -> Iterator[Remark]:
    """`fields = "__all__"` in the Meta of a form or serializer."""
    if not any(_FORMS.search(base) for base in found.bases) or is_test(found.place.path):
        return
    for inner in found.node.body:
        if not isinstance(inner, nodes.Class) or inner.name != "Meta":
            continue
        for node in inner.body:
            if not isinstance(node, nodes.Assign) or not isinstance(node.targets[0], nodes.Name):
                continue
            name, text, place = node.targets[0].id, found.module.text_of(node), found.module.place(node)
            if name == "exclude" or (name == "fields" and ("__all__" in text)):
                why = "Every column of the model can be written, also those of next year."
                yield RULE.finding(place, _ATTACK, why, fix="List the fields by name.")
            elif name == "fields":
                yield RULE.site(place, "the fields are listed")


RULE = Rule(
    slug="mass-assignment",
    control="mass-assignment",
    languages=("python",),
    unit=("write from a request", "writes from requests"),
    sound="each field is named",
    examine=examine,
)
