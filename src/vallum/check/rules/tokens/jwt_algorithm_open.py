"""Tokens whose own header, or nobody, decides how they are verified."""

from collections.abc import Iterator
from typing import Any, Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Argument, Call
from vallum.check.flow.folding import UNKNOWN
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.origins import origins_of
from vallum.check.readings.tokens import Reading, find_readings, list_elements
from vallum.check.readings.words import split_words
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_ATTACK: Final = "An attacker writes a token himself, with any user and any rights, and it is accepted."
_FIX: Final = 'State one algorithm beside the key: jwt.decode(token, key, algorithms=["ES256"], ...).'
_KEY_FIX: Final = "Take keys from a fixed set; `kid` may select one of them and nothing more."
_KEY_FIELDS: Final = frozenset({"jku", "jwk", "x5u", "x5c"})
_KEY_MAKERS: Final = (
    "jwt.PyJWKClient", "jwt.PyJWK", "jwt.PyJWK.from_dict", "jwt.PyJWKSet.from_dict", "jwt.algorithms.*.from_jwk",
    "jose.jwk.construct", "jwcrypto.jwk.JWK", "authlib.jose.JsonWebKey.import_key", "joserfc.jwk.*.import_key",
    "requests.get", "httpx.get", "urllib.request.urlopen",
)  # fmt: skip
_UNVERIFIED: Final = ("jose.jwt.get_unverified_claims", "jose.jws.get_unverified_claims")


def examine(project: Project) -> Iterator[Remark]:
    """Look at every call that reads a token, and at every key that is made."""
    remarks = [
        *(remark for reading in find_readings(project) for remark in _judge(reading, project)),
        *_judge_keys(project),
        *_judge_claims(project),
    ]
    yield from remarks
    if not remarks and not project.uses("jwt", "jose", "joserfc", "authlib"):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no JSON Web Token is read")


def _judge(reading: Reading, project: Project) -> Iterator[Remark]:
    call, given = reading.call, reading.algorithms
    if call.expands:
        return
    if reading.unverified:
        yield RULE.finding(call.place, _ATTACK, "The signature is not verified.", fix=_FIX)
    elif given is None or given.constant is None:
        loose = reading.library in {"joserfc", "authlib"}
        why = "No algorithm is stated, so the token's header chooses among the library's." if loose else _NOT_STATED
        confidence = Confidence.MEDIUM if loose else Confidence.HIGH
        yield RULE.finding(call.place, _ATTACK, why, fix=_FIX, confidence=confidence)
    elif _comes_from_header(given, call, project):
        yield RULE.finding(call.place, _ATTACK, "The algorithm is read from the token's own header.", fix=_FIX)
    elif reading.key is not None and _is_header_key(reading.key, call, project):
        yield RULE.finding(call.place, _ATTACK, "The key comes with the token.", fix=_KEY_FIX)
    else:
        yield from _judge_list(reading, given, project)


_NOT_STATED: Final = "No algorithm is stated."


def _judge_list(reading: Reading, given: Argument, project: Project) -> Iterator[Remark]:
    names = list_elements(given, reading.call, project)
    if names is None:
        return
    why = _weakness(names, reading.key)
    if why:
        yield RULE.finding(reading.call.place, _ATTACK, why, fix=_FIX)
    elif len(names) == 1 and names[0] is not UNKNOWN:
        yield RULE.site(reading.call.place, f"{names[0]} alone")
    elif len(names) == 1 and _is_setting(given):
        yield RULE.site(reading.call.place, "one algorithm, from the configuration")
    elif len(names) > 1 and UNKNOWN not in names:
        why = f"{', '.join(map(str, names))} are all accepted for one key."
        yield RULE.finding(reading.call.place, _ATTACK, why, fix=_FIX, confidence=Confidence.LOW)


def _weakness(names: list[Any], key: Argument | None) -> str:
    known = [str(name).upper() for name in names if name is not UNKNOWN]
    families = {"symmetric" if name.startswith("HS") else "asymmetric" for name in known if name != "NONE"}
    if "NONE" in known:
        return "`none` is allowed: such a token has no signature."
    if len(families) > 1:
        return "Symmetric and asymmetric algorithms are allowed together: the public key then signs tokens."
    if families == {"symmetric"} and key is not None and "public" in split_words(key.words):
        return f"`{key.text}` is public, and with an HS algorithm it signs tokens."
    return ""


def _is_setting(given: Argument) -> bool:
    """A list of one name that is written like a constant or belongs to settings."""
    element = given.node.elements[0] if isinstance(given.node, nodes.Items) and given.node.elements else None
    if isinstance(element, nodes.Name):
        return element.id.isupper()
    return isinstance(element, nodes.Attribute) and (element.name.isupper() or "settings" in given.text)


def _comes_from_header(given: Argument, call: Call, project: Project) -> bool:
    origins = origins_of(project)
    for node, scope in origins.trace(given.node, origins.scope_at(call), callers=True):
        if _field(node) == "alg":
            return True
        if isinstance(node, nodes.Call) and origins.name_of(node.function, scope).endswith(".get_unverified_header"):
            return True
    return False


def _is_header_key(key: Argument, call: Call, project: Project) -> bool:
    origins = origins_of(project)
    found = origins.trace(key.node, origins.scope_at(call), lambda *_: False)
    return any(_field(node) in _KEY_FIELDS for node, _ in found)


def _judge_keys(project: Project) -> Iterator[Remark]:
    origins = origins_of(project)
    for call in project.calls(*_KEY_MAKERS):
        if is_test(call.place.path) or not call.arguments:
            continue
        parts = origins.trace(call.arguments[0].node, origins.scope_at(call))
        field = next((name for name in (_field(node) for node, _ in parts) if name in _KEY_FIELDS), "")
        if field:
            yield RULE.finding(call.place, _ATTACK, f"The key comes from the token's `{field}`.", fix=_KEY_FIX)


def _judge_claims(project: Project) -> Iterator[Remark]:
    for call in project.calls(*_UNVERIFIED):
        if not is_test(call.place.path):
            why = "These claims are read without a look at the signature."
            yield RULE.finding(call.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)


def _field(node: nodes.Node) -> str:
    """The constant key of a lookup: `alg` for `header["alg"]` and `header.get("alg")`."""
    match node:
        case nodes.Subscript(index=nodes.Const(value=str(key))):
            return key
        case nodes.Call(function=nodes.Attribute(name="get"), arguments=(nodes.Const(value=str(key)), *_)):
            return key
    return ""


RULE = Rule(
    slug="jwt-algorithm-open",
    control="jwt-algorithm-pinned",
    languages=("python",),
    unit=("verification of a token", "verifications of tokens"),
    sound="one algorithm",
    examine=examine,
)
