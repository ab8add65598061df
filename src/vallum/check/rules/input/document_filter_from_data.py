"""Filters of document databases that hold values of a request as they came."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Argument, Call
from vallum.check.flow.walk import iter_nodes
from vallum.check.judging import guard_sites
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.inputs import Inputs, inputs_of
from vallum.check.rule import Rule
from vallum.findings.finding import Remark, Silence

_METHODS: Final = (
    "find", "find_one", "find_one_and_update", "find_one_and_delete", "find_one_and_replace", "update_one",
    "update_many", "delete_one", "delete_many", "replace_one", "count_documents", "aggregate", "distinct", "find_raw",
)  # fmt: skip
_MONGO: Final = ("pymongo", "motor", "mongoengine", "beanie", "flask_pymongo")
_DATABASE: Final = re.compile(
    r"\b(?:db|mongo|database|mongodb)(?:\.|\[)[\w\"']|\b(?:collection|coll)\b|\bget_collection\(|\w+_collection\b"
)
_PARTS: Final = frozenset({"json", "get_json", "data", "get_data", "body"})
_SCRIPTS: Final = frozenset({"$where", "$function", "$accumulator"})
_ATTACK: Final = 'A visitor sends {"$ne": ""} for the value, and the filter matches documents that are not his.'
_FIX: Final = "Take the value from a strict schema and compare by {'$eq': value}, or use equal() of the guard."


def examine(project: Project) -> Iterator[Remark]:
    """Look at the filter of every query on a collection."""
    inputs = inputs_of(project)
    remarks: list[Remark] = []
    for call in project.calls(*(f"*.{method}" for method in _METHODS)):
        if not is_test(call.place.path) and _is_query(call, project):
            remarks += _judge(call, inputs)
    remarks += guard_sites(RULE, project, "vallum.guard.data.document_filters.*")
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no document database is asked")


def _is_query(call: Call, project: Project) -> bool:
    """A call on a collection, told by its receiver; `find` of a text has a text, and no dictionary."""
    if not call.arguments or (call.arguments[0].known and not isinstance(call.arguments[0].constant, dict | list)):
        return False
    receiver = call.receiver.text if call.receiver is not None else ""
    return bool(_DATABASE.search(receiver)) or (
        project.uses(*_MONGO) and (call.method != "find" or isinstance(call.arguments[0].node, nodes.Table))
    )


def _judge(call: Call, inputs: Inputs) -> Iterator[Remark]:
    argument = call.argument(0, "filter", "pipeline", "query")
    if argument is None:
        return
    scope = inputs.origins.scope_at(argument)
    for found, _ in inputs.origins.trace(argument.node, scope, callers=False):
        if isinstance(found, nodes.Const) and isinstance(found.value, str) and found.value in _SCRIPTS:
            why = f"The filter runs JavaScript in the database by {found.value}."
            yield RULE.finding(call.place, "Whoever controls a part of the script runs code in the database.", why)
            return
    checked = call.function is not None and re.search(
        r"isinstance\([^)]*,\s*\(?\s*(?:str|int|bytes)", call.function.text
    )
    wrapped = any(isinstance(node, nodes.Const) and node.value == "$eq" for node in iter_nodes(argument.node))
    if (inputs.reads(argument, _PARTS, text=True) or _is_decoded(argument, inputs)) and not wrapped and not checked:
        why = f"`{call.method}` gets a value of the request that may be an object with operators."
        yield RULE.finding(call.place, _ATTACK, why, fix=_FIX)
    else:
        yield RULE.site(call.place, "compared by $eq" if wrapped else "no raw value of a request is in it")


def _is_decoded(argument: Argument, inputs: Inputs) -> bool:
    """Whether a filter is the JSON that a text of the request holds."""
    scope = inputs.origins.scope_at(argument)
    return argument.tainted and any(
        isinstance(found, nodes.Call) and inputs.origins.name_of(found.function, home) in {"json.loads", "bson.loads"}
        for found, home in inputs.origins.trace(argument.node, scope, callers=False)
    )


RULE = Rule(
    slug="document-filter-from-data",
    control="nosql-operator-injection",
    languages=("python",),
    unit=("filter", "filters"),
    sound="of scalars",
    examine=examine,
)
