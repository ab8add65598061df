"""Integers made by the remainder of random bytes, which come out uneven."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.folding import fold
from vallum.check.flow.module import Module
from vallum.check.flow.scope import Scope
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.origins import Origins, origins_of
from vallum.check.rule import Rule
from vallum.findings.finding import Remark, Silence

_SOURCES: Final = re.compile(
    r"os\.(?:urandom|getrandom)|secrets\.(?:token_bytes|randbits)|.*\bgetrandbits|.*get_random_bytes|nacl\.utils\.random"
    r"|random\.(?:SystemRandom\(\)\.)?(?:getrandbits|randbytes)|uuid\.uuid4"
)
_HINT: Final = re.compile(r"urandom|token_bytes|randbits|get_random_bytes|randbytes|getrandom|uuid4|nacl|random\(")
_GOOD: Final = (
    "secrets.randbelow", "secrets.choice", "random.SystemRandom().*", "secrets.SystemRandom().*",
    "vallum.guard.crypto.random.*", "django.utils.crypto.get_random_string",
)  # fmt: skip
_CARRIES: Final = frozenset(
    {"from_bytes", "int", "ord", "list", "bytes", "unpack", "hex", "enumerate", "zip", "hexlify"}
)
_SCALED: Final = ("int", "math.floor", "round")
_CODES: Final = re.compile(r"code|pin\b|otp|voucher|coupon|ticket|winner|lottery|draw", re.IGNORECASE)
_ATTACK: Final = "Some codes come out more often than others, and whoever guesses tries those first."
_FIX: Final = "secrets.randbelow(n) or secrets.choice(alphabet)."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every remainder of random bytes, and at every integer that is drawn well."""
    remarks = [*_judge_code(project)]
    remarks += [RULE.site(call.place, call.name) for call in project.calls(*_GOOD) if not is_test(call.place.path)]
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no integer is drawn here")


def _judge_code(project: Project) -> Iterator[Remark]:
    origins = origins_of(project)
    wanted = {module for module in project.modules if _HINT.search(module.source.text) and not is_test(module.path)}
    for module, definition in project.facts.bodies:
        if module not in wanted:
            continue
        scope = project.facts.names.scope_of(module, definition)
        named = definition is not None and _CODES.search(definition.node.name) is not None
        for node in scope.nodes:
            if isinstance(node, nodes.Binary) and node.operator == "%":
                remark = _judge(node, scope, origins, module)
                if remark is not None:
                    yield remark
            elif named and isinstance(node, nodes.Call) and _is_scaled(node, scope, origins):
                yield RULE.finding(module.place(node), _ATTACK, "A fraction is scaled to an integer.", fix=_FIX)


def _judge(node: nodes.Binary, scope: Scope, origins: Origins, module: Module) -> Remark | None:
    if isinstance(node.left, nodes.Const | nodes.Text):
        return None
    bound = fold(node.right, scope, origins.facts.names)
    if isinstance(bound, int) and bound > 0 and bound & (bound - 1) == 0:
        return None
    source = _drawn(node.left, scope, origins)
    if not source:
        return None
    if _rejects(scope):
        return RULE.site(module.place(node), "after uneven values are thrown away")
    why = f"The remainder of {source} favours the small numbers."
    return RULE.finding(module.place(node), _ATTACK, why, fix=_FIX)


def _drawn(node: nodes.Expression, scope: Scope, origins: Origins) -> str:
    for inner, home in origins.trace(node, scope, _enters):
        if isinstance(inner, nodes.Call):
            name = origins.name_of(inner.function, home)
            if _SOURCES.fullmatch(name):
                return name
    return ""


def _enters(node: nodes.Call, _scope: Scope) -> bool:
    function = node.function
    word = function.name if isinstance(function, nodes.Attribute) else getattr(function, "id", "")
    return word in _CARRIES


def _rejects(scope: Scope) -> bool:
    """Whether values are drawn again in a loop with a condition."""
    return any(isinstance(node, nodes.While) for node in scope.nodes)


def _is_scaled(node: nodes.Call, scope: Scope, origins: Origins) -> bool:
    if origins.name_of(node.function, scope) not in _SCALED or len(node.arguments) != 1:
        return False
    inner = node.arguments[0]
    if not isinstance(inner, nodes.Binary) or inner.operator != "*":
        return False
    sides = [side for side in (inner.left, inner.right) if isinstance(side, nodes.Call)]
    return any(origins.name_of(side.function, scope).endswith("random.random") for side in sides)


RULE = Rule(
    slug="biased-random-int",
    control="unbiased-random-int",
    languages=("python",),
    unit=("drawn integer", "drawn integers"),
    sound="without bias",
    examine=examine,
)
