"""Secrets from the environment with a default, or without a look at whether they are there."""

import re
from collections.abc import Iterator
from typing import Any, Final

from vallum.check.flow import nodes
from vallum.check.flow.defaults import reads_environment
from vallum.check.flow.facts import last_word
from vallum.check.flow.folding import UNKNOWN, fold
from vallum.check.flow.module import Definition, Module
from vallum.check.flow.scope import Scope
from vallum.check.flow.walk import iter_nodes
from vallum.check.judging import guard_sites
from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test, names_development
from vallum.check.rule import Rule
from vallum.check.secrets.names import secret_kind
from vallum.findings.finding import Remark, Silence

_HINT: Final = re.compile(r"environ|getenv|BaseSettings|decouple|\benv\(")
_ABSENT: Final = "The service starts without its secret, and signs or logs in with nothing or with a known word."
_FIX: Final = "Read it by a function that raises and names the variable when it is absent (the guard's require_secret)."
_REQUIRED: Final = re.compile(r"require_?\w*secret|require_?env|must_?get|get_?required|load_?secret", re.IGNORECASE)
_INTERPOLATED: Final = re.compile(r"\$\{(?P<name>[A-Z][A-Z0-9_]*)(?P<sign>:?[-?])(?P<rest>[^}]*)\}")
_FILES: Final = ("yaml", "shell", "dockerfile")


def examine(project: Project) -> Iterator[Remark]:
    """Look at every secret that is read from the environment, in code, settings classes and compose files."""
    remarks = [*_judge_code(project), *_judge_files(project)]
    words = [word for word in project.facts.call_nodes if _REQUIRED.fullmatch(word)]
    required = project.calls(*words, *(f"*.{word}" for word in words)) if words else ()
    remarks += [
        RULE.site(call.place, "the start fails without it") for call in required if not is_test(call.place.path)
    ]
    remarks += guard_sites(RULE, project, "vallum.guard.secrets.settings.*")
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no secret is read from the environment")


def _judge_code(project: Project) -> Iterator[Remark]:
    wanted = {module for module in project.modules if _HINT.search(module.source.text) and not _is_apart(module.path)}
    for module, definition in project.facts.bodies:
        if module not in wanted:
            continue
        scope = project.facts.names.scope_of(module, definition)
        if definition is not None and isinstance(definition.node, nodes.Class):
            yield from _judge_class(project, module, definition, scope)
        for node in scope.nodes:
            remark = _judge_read(node, scope, module, project)
            if remark is not None:
                yield remark


def _is_apart(path: str) -> bool:
    return is_test(path) or is_document(path) or names_development(path)


def _judge_read(node: nodes.Node, scope: Scope, module: Module, project: Project) -> Remark | None:
    names = project.facts.names
    if isinstance(node, nodes.Subscript) and names.name_of(node.base, scope) in {"os.environ", "environ"}:
        name = fold(node.index, scope, names)
        known = isinstance(name, str) and secret_kind(name)
        return RULE.site(module.place(node), "fails without it") if known else None
    if not isinstance(node, nodes.Call) or not reads_environment(node, scope, names) or not node.arguments:
        return None
    name = fold(node.arguments[0], scope, names)
    if not isinstance(name, str) or not secret_kind(name):
        return None
    default = _fallback(node, scope, project)
    place = module.place(node)
    if isinstance(default, str):
        return RULE.finding(place, _ABSENT, f"{name} has a default in the code.", fix=_FIX)
    if _is_alternative(node, scope):
        return RULE.finding(place, _ABSENT, f"{name} falls back to another value.", fix=_FIX)
    lenient = last_word(node.function) in {"get", "getenv"} or default is None
    if lenient and default in (None, UNKNOWN) and not _is_checked(node, scope, module):
        if default is UNKNOWN and len(node.arguments) > 1:
            return None
        return RULE.finding(place, _ABSENT, f"Nobody looks at whether {name} is there.", fix=_FIX)
    return RULE.site(place, "checked")


def _fallback(node: nodes.Call, scope: Scope, project: Project) -> Any:
    keywords = dict(node.keywords)
    given = node.arguments[1] if len(node.arguments) > 1 else keywords.get("default")
    return UNKNOWN if given is None else fold(given, scope, project.facts.names)


def _is_alternative(node: nodes.Call, scope: Scope) -> bool:
    """`environ.get("X") or "word"`."""
    return any(
        isinstance(outer, nodes.Logic)
        and outer.operator == "or"
        and any(part is node for part in outer.values)
        and isinstance(outer.values[-1], nodes.Const)
        and isinstance(outer.values[-1].value, str)
        for outer in scope.nodes
    )


def _is_checked(node: nodes.Call, scope: Scope, module: Module) -> bool:
    """Whether what was read is tested in the same scope, or handed to a function that may test it."""
    names = {
        last_word(target)
        for giving in scope.nodes
        if isinstance(giving, nodes.Assign | nodes.Walrus)
        and giving.value is not None
        and any(part is node for part in iter_nodes(giving.value))
        for target in (giving.targets if isinstance(giving, nodes.Assign) else (giving.target,))
    }
    for outer in scope.nodes:
        if isinstance(outer, nodes.Call) and outer is not node and any(part is node for part in outer.arguments):
            return last_word(outer.function) not in {"str", "SecretStr", "bytes"}
        if isinstance(outer, nodes.If | nodes.Check | nodes.While | nodes.Choice):
            test = list(iter_nodes(outer.test))
            if any(part is node or (isinstance(part, nodes.Name) and part.id in names) for part in test):
                return True
    return not names or any(
        re.search(rf"if\s+(?:not\s+)?[^\n:]*\b{re.escape(name)}\b", module.source.text) for name in names if name
    )


def _judge_class(project: Project, module: Module, definition: Definition, scope: Scope) -> Iterator[Remark]:
    """Fields of a settings class of pydantic."""
    bases = project.facts.bases(definition)
    if not any(base.endswith("BaseSettings") for base in bases) or names_development(definition.node.name):
        return
    for node in definition.node.body:
        if not isinstance(node, nodes.Assign) or node.annotation is None or not node.targets:
            continue
        name = last_word(node.targets[0])
        if secret_kind(name):
            why = _field_weakness(node.value, scope, project)
            if why:
                yield RULE.finding(module.place(node), _ABSENT, f"{name} {why}", fix="Leave the default out.")
            else:
                yield RULE.site(module.place(node), "required")


def _field_weakness(value: nodes.Expression | None, scope: Scope, project: Project) -> str:
    if value is None:
        return ""
    if isinstance(value, nodes.Call):
        word = last_word(value.function)
        default = value.arguments[0] if value.arguments else dict(value.keywords).get("default")
        if word in {"Field", "SecretStr", "SecretBytes"} and default is not None:
            return _field_weakness(default, scope, project)
        return ""
    constant = fold(value, scope, project.facts.names)
    if constant is None:
        return "may be absent."
    return "has a default in the code." if isinstance(constant, str | bytes) else ""


def _judge_files(project: Project) -> Iterator[Remark]:
    """`${SECRET_KEY:-word}` and `${SECRET_KEY:?message}`."""
    for source in project.configs(*_FILES):
        if "${" not in source.text or _is_apart(source.path):
            continue
        for number, line in enumerate(source.lines, 1):
            for match in _INTERPOLATED.finditer(line if not line.lstrip().startswith("#") else ""):
                if not secret_kind(match["name"]):
                    continue
                place = project.place_in(source, number)
                if "?" in match["sign"]:
                    yield RULE.site(place, "fails without it")
                elif match["rest"].strip() and not match["rest"].startswith("$"):
                    yield RULE.finding(place, _ABSENT, f"{match['name']} has a default.", fix=f"${{{match['name']}:?}}")


RULE = Rule(
    slug="unchecked-environment-secret",
    control="secrets-from-environment",
    languages=("python", *_FILES),
    unit=("secret of the environment", "secrets of the environment"),
    sound="fails without it",
    examine=examine,
)
