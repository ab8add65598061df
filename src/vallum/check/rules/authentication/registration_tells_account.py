"""Registrations and resets that say whether an address has an account."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Function
from vallum.check.flow.walk import iter_nodes
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.answers import list_answers
from vallum.check.readings.catches import find_catches
from vallum.check.readings.endpoints import find_views
from vallum.check.readings.handlers import walk_called
from vallum.check.readings.logs import is_log
from vallum.check.readings.origins import origins_of
from vallum.check.rule import Rule
from vallum.findings.finding import Remark, Silence
from vallum.findings.place import Place

_NAME: Final = re.compile(
    r"(?:^|_)(?:register|registration|sign_?up|create_(?:account|user)|join|forgot|recover|resend)(?:_|$)"
    r"|reset_password|password_reset|request_reset|begin_reset|^reset$"
)
_PATH: Final = re.compile(r"/(?:register|sign-?up|forgot|recover|password[-/]reset|reset[-/]password)\b")
_FORM: Final = re.compile(r"(?:clean|validate)_(?:email|mail|address|username|user_name|login)$")
_FORM_CLASS: Final = re.compile(r"regist|sign_?up|creat|forgot|reset|account", re.IGNORECASE)
_MAIL: Final = re.compile(r"mail|letter|notice|notify|send|queue|tell_", re.IGNORECASE)
_TELLS: Final = re.compile(
    r"""\balready\ (?:been\ )?(?:registered|exists?|in\ use|taken|used|have|has|an?)\b
    |\b(?:e-?mail|address|user\s?name|user|account|name)\b[^.]{0,40}\b(?:in\ use|is\ taken|exists|is\ registered)\b
    |\bno\ (?:such\ )?(?:account|user|member)\b
    |\b(?:know|find|found|have)\ no\ (?:such\ )?(?:address|e-?mail|account|user)\b
    |\b(?:user|account|e-?mail(?:\ address)?|address)\b[^.]{0,20}\b(?:not\ found|unknown
      |(?:does|is|was)(?:\ not|n't)\ (?:exist|registered|known|found))
    |\b(?:unknown|unregistered)\ (?:e-?mail|user|address|account)
    """,
    re.IGNORECASE | re.VERBOSE,
)
_IF: Final = re.compile(r"\b(?:if|whether|when)\b", re.IGNORECASE)
_UNIQUE: Final = frozenset({"IntegrityError", "UniqueViolation", "UniqueViolationError", "DuplicateKeyError"})
_ATTACK: Final = "Whoever sends a list of addresses learns which of them have an account here."
_FIX: Final = 'Answer every address alike ("If the account exists, ...") and let the mail tell.'


def examine(project: Project) -> Iterator[Remark]:
    """Look at every handler that registers somebody or begins a reset, and at the forms behind them."""
    entries = [view.function for view in find_views(project, _NAME, _PATH) if view.takes_post]
    entries += [function for function in project.functions if _is_form(function)]
    seen: set[Place] = set()
    for function in entries:
        told = [pair for inner in _reached(function, project) for pair in _tells(inner, project)]
        for place, why in told:
            if place not in seen:
                seen.add(place)
                yield RULE.finding(place, _ATTACK, why, fix=_FIX)
        if not told:
            yield RULE.site(function.place)
    if not entries:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "nothing registers accounts or resets passwords")


def _is_form(function: Function) -> bool:
    owner = function.owner.rpartition(".")[2]
    is_check = _FORM.match(function.name) is not None and _FORM_CLASS.search(owner) is not None
    return is_check and not is_test(function.place.path)


def _reached(function: Function, project: Project) -> Iterator[Function]:
    """The handler and what it calls; the functions that write mails may say what they like."""
    for inner in walk_called(function, project):
        if inner is function or not _MAIL.search(f"{inner.module.path} {inner.name}"):
            yield inner


def _tells(function: Function, project: Project) -> Iterator[tuple[Place, str]]:
    module = function.module
    logged = {id(node) for call in function.calls if is_log(call) for node in iter_nodes(call.node)}
    for node in origins_of(project).scope_of(function).nodes:
        if (
            isinstance(node, nodes.Const)
            and isinstance(node.value, str)
            and id(node) not in logged
            and _TELLS.search(node.value)
            and not _IF.search(node.value)
            and len(node.value) < _LONG
        ):
            yield module.place(node), f'It says "{node.value.strip()}".'
    for answer in list_answers(function, project):
        if answer.status == _CONFLICT:
            yield answer.place, "409 says that the account exists."
    for catch in find_catches(project):
        own = catch.definition is not None and catch.definition.node is function.node
        if own and not _UNIQUE.isdisjoint(catch.words):
            inside = set(map(id, catch.nodes()))
            for answer in list_answers(function, project):
                if id(answer.node) in inside and (answer.status or 0) >= _REFUSED:
                    yield answer.place, "The unique constraint is what answers."


_CONFLICT: Final = 409
_REFUSED: Final = 400
_LONG: Final = 200
"""Longer texts are documentation and statements."""

RULE = Rule(
    slug="registration-tells-account",
    control="registration-no-enumeration",
    languages=("python",),
    unit=("registration or reset", "registrations and resets"),
    sound="one answer for every address",
    examine=examine,
)
