"""Checks whose result another request can overtake before the act: balances, vouchers, names, files."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Function, last_word
from vallum.check.flow.walk import iter_nodes
from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test
from vallum.check.readings.words import split_words
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_COUNTED: Final = frozenset({
    "balance", "stock", "quantity", "credits", "credit", "points", "seats", "remaining", "available", "uses",
    "inventory",
    "budget", "quota", "count", "amount", "coins", "tickets", "used", "redeemed", "claimed", "consumed",
})  # fmt: skip
_LOCKED: Final = re.compile(
    r"select_for_update|with_for_update|FOR UPDATE|\.lock\(|\bLock\(|advisory|SERIALIZABLE|\bF\(|version_id_col"
    r"|nx\s*=\s*True|set_nx|setnx|getdel|GETDEL|\bwatch\(|IntegrityError|O_EXCL|FileExistsError|idempoten|@atomic_once|rowcount",
)
_ATOMIC: Final = (
    "*.select_for_update", "*.with_for_update", "*.get_or_create", "*.update_or_create", "*.getdel", "*.setnx",
    "*.on_conflict_do_nothing", "*.on_conflict_do_update",
)  # fmt: skip
_STORE: Final = re.compile(r"cache|redis|store|kv|memcache", re.IGNORECASE)
_TESTS_FILE: Final = frozenset({"exists", "isfile", "is_file", "lexists"})
_WRITES: Final = frozenset({"write_text", "write_bytes", "touch", "mkdir"})
_CREATES: Final = frozenset({"create", "add", "insert", "insert_one", "acreate", "save"})
_HINT: Final = re.compile(r"exists\(|isfile\(|is_file\(|\.get\(|\.first\(|-=|\+=|\.one\(|one_or_none")
_ATTACK: Final = "Two requests at once both pass the check, and both act: paid twice, used twice, written over."
_FIX: Final = (
    "One step: UPDATE ... WHERE balance >= n and look at the row count, a unique constraint, FOR UPDATE, add()."
)


def examine(project: Project) -> Iterator[Remark]:
    """Look at functions that test something and then write it, and at the calls that do both in one."""
    remarks: list[Remark] = []
    for function in project.functions:
        path = function.place.path
        if is_test(path) or is_document(path) or not _HINT.search(function.text):
            continue
        acts = [*_balances(function), *_caches(function), *_names(function), *_files(function)]
        locked = _LOCKED.search(function.text) is not None
        for node, why in acts[:2]:
            place = function.module.place(node)
            if locked:
                remarks.append(RULE.site(place, "under a lock or a constraint"))
            else:
                remarks.append(RULE.finding(place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM))
    remarks += [RULE.site(call.place, call.method) for call in project.calls(*_ATOMIC) if not is_test(call.place.path)]
    remarks += [RULE.site(call.place, "exclusive") for call in project.calls("open", "*.open") if _is_exclusive(call)]
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no check comes before an act on shared data here")


def _is_exclusive(call: Call) -> bool:
    modes = (call.constant_of(0, "mode"), call.constant_of(1, "mode"))
    return any(isinstance(mode, str) and re.fullmatch(r"x[bt+]*", mode) for mode in modes)


def _balances(function: Function) -> Iterator[tuple[nodes.Node, str]]:
    """`account.balance -= amount; account.save()` after a comparison of the same attribute."""
    compared = {
        last_word(side)
        for node in _all(function)
        if isinstance(node, nodes.Compare)
        for side in (node.left, *node.others)
        if isinstance(side, nodes.Attribute | nodes.Subscript)
    }
    for node in _all(function):
        target = _changed(node)
        if not isinstance(target, nodes.Attribute) or not _COUNTED & set(split_words(target.name)):
            continue
        if isinstance(target.base, nodes.Name) and target.base.id == "self":
            continue
        if target.name in compared:
            saved = _saved(function, target.base, node.line)
            if saved is not None:
                yield saved, f"{target.name} is compared, changed in memory and written back."


def _changed(node: nodes.Node) -> nodes.Expression | None:
    """What a statement counts up or down."""
    if isinstance(node, nodes.Augment) and node.operator.rstrip("=") in {"+", "-"}:
        return node.target
    if isinstance(node, nodes.Assign) and isinstance(node.value, nodes.Binary) and node.targets:
        target = node.targets[0]
        same = isinstance(node.value.left, nodes.Attribute) and last_word(node.value.left) == last_word(target)
        return target if same else None
    return None


def _saved(function: Function, base: nodes.Expression, line: int) -> nodes.Node | None:
    """The call that writes the object: its own save, or the session's commit."""
    for call in function.calls:
        if call.node.line < line:
            continue
        own = call.method in {"save", "asave"} and call.receiver is not None and call.receiver.text == last_word(base)
        if own or call.method == "commit":
            return call.node
    return None


def _caches(function: Function) -> Iterator[tuple[nodes.Node, str]]:
    """`cache.get(key)`, a branch on it, then `cache.set(key, ...)` or `delete(key)`."""
    branches = [node.test for node in _all(function) if isinstance(node, nodes.If)]
    for call in function.calls:
        if call.method not in {"get", "exists"} or call.receiver is None or not _STORE.search(call.receiver.text):
            continue
        key = call.argument(0, "key", "name")
        if key is None or not _is_tested(call, function, branches):
            continue
        for act in function.calls:
            other = act.argument(0, "key", "name")
            if act.method not in {"set", "delete", "setex"} or act.node.line <= call.node.line or other is None:
                continue
            same = act.receiver is not None and act.receiver.text == call.receiver.text and other.text == key.text
            if same and not _computes(act, function):
                yield act.node, "The key is read, judged, and written in a second step."
                return


def _is_tested(call: Call, function: Function, branches: list[nodes.Expression]) -> bool:
    names = {
        last_word(target)
        for node in _all(function)
        if isinstance(node, nodes.Assign)
        and node.value is not None
        and any(p is call.node for p in iter_nodes(node.value))
        for target in node.targets
    }
    return any(
        part is call.node or (isinstance(part, nodes.Name) and part.id in names)
        for test in branches
        for part in iter_nodes(test)
    )


def _computes(act: Call, function: Function) -> bool:
    """A cache of something computed: what is written is returned too, and losing a race costs time only."""
    value = act.argument(1, "value")
    if act.method not in {"set", "setex"} or value is None or not isinstance(value.node, nodes.Name):
        return False
    return any(value.text in found.text for found in function.returns)


def _names(function: Function) -> Iterator[tuple[nodes.Node, str]]:
    """`if not X.filter(...).exists(): X.create(...)`."""
    for node in _all(function):
        if not isinstance(node, nodes.If):
            continue
        test = function.module.text_of(node.test)
        looked = re.search(r"(?P<model>\b[A-Z]\w*)\b[^\n]*\.(?:exists|first|count|one_or_none|scalar)\(", test)
        if looked is None:
            continue
        for call in function.calls:
            acts = call.method in _CREATES and call.text.startswith(looked["model"] + ".")
            if acts and call.node.line >= node.line:
                yield call.node, "The name is looked up first and created in a second step."
                return


def _files(function: Function) -> Iterator[tuple[nodes.Node, str]]:
    """`path.exists()` before the path is written."""
    for node in _all(function):
        if not isinstance(node, nodes.If):
            continue
        tested = next(
            (
                inner
                for inner in iter_nodes(node.test)
                if isinstance(inner, nodes.Call)
                and isinstance(inner.function, nodes.Attribute)
                and inner.function.name in _TESTS_FILE
            ),
            None,
        )
        if tested is None or not isinstance(tested.function, nodes.Attribute):
            continue
        subject = tested.arguments[0] if tested.arguments else tested.function.base
        act = _written(function, function.module.text_of(subject), node.line)
        if act is not None:
            yield act, "The file is looked for first and written in a second step."
            return


def _written(function: Function, path: str, line: int) -> nodes.Node | None:
    for call in function.calls:
        if call.node.line < line or call.argument(None, "exist_ok") is not None:
            continue
        receiver = call.receiver.text if call.receiver is not None else ""
        if call.method in _WRITES - {"mkdir"} and receiver == path:
            return call.node
        mode = call.constant_of(1 if call.name == "open" else 0, "mode")
        first = call.argument(0, "file")
        opened = (call.name == "open" and first is not None and first.text == path) or (
            call.method == "open" and receiver == path
        )
        if opened and isinstance(mode, str) and mode.startswith("w"):
            return call.node
    return None


def _all(function: Function) -> Iterator[nodes.Node]:
    return (inner for part in function.node.body for inner in iter_nodes(part))


RULE = Rule(
    slug="check-then-act",
    control="atomic-check-then-act",
    languages=("python",),
    unit=("check before an act", "checks before acts"),
    sound="in one step",
    examine=examine,
)
