"""Tokens that whoever verifies them can forge: a shared secret signs, or a key that is too short."""

from collections.abc import Iterator
from typing import Any, Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Argument, Call
from vallum.check.flow.folding import UNKNOWN
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.origins import origins_of
from vallum.check.readings.tokens import find_issues, read_table
from vallum.check.readings.words import split_words
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_FORGES: Final = (
    "Every service that can verify a token can forge one, and a short secret is found offline from one token."
)
_FACTORS: Final = "An attacker factors the key and signs tokens himself."
_FIX: Final = 'Sign with a private key: jwt.encode(claims, private_pem, algorithm="ES256").'
_SIZE_FIX: Final = "Make a P-256 or Ed25519 key, or an RSA key with 3072 bits."
_MAKERS: Final = (
    "cryptography.hazmat.primitives.asymmetric.rsa.generate_private_key", "Crypto.PublicKey.RSA.generate",
    "Cryptodome.PublicKey.RSA.generate", "joserfc.jwk.RSAKey.generate_key", "authlib.jose.RSAKey.generate_key",
)  # fmt: skip
_LEAST_BITS: Final = 2048
_PRIVATE: Final = frozenset({"private", "pem", "signing", "rsa", "ec", "ecdsa", "ed25519"})


def examine(project: Project) -> Iterator[Remark]:
    """Look at every call that issues a token, and at every RSA key that is made."""
    remarks = [remark for call, _ in find_issues(project) for remark in _judge(call, project)]
    remarks += [remark for call in project.calls(*_MAKERS) for remark in _judge_size(call)]
    yield from remarks
    if not remarks and not project.uses("jwt", "jose", "joserfc", "authlib"):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no JSON Web Token is issued")


def _judge(call: Call, project: Project) -> Iterator[Remark]:
    if call.expands:
        return
    algorithm = _algorithm_of(call, project)
    if algorithm is None:
        yield RULE.finding(call.place, _FORGES, "No algorithm is named, and the library's own is HS256.", fix=_FIX)
    elif not isinstance(algorithm, str):
        return
    elif algorithm.upper().startswith("HS"):
        yield RULE.finding(call.place, _FORGES, f"{algorithm} signs with a shared secret.", fix=_FIX)
    elif algorithm.upper() == "NONE":
        yield RULE.finding(call.place, "Anybody writes such a token.", "`none` signs with nothing.", fix=_FIX)
    elif secret := _find_secret(call.argument(_key_place(call), "key"), call, project):
        why = f"{algorithm} needs a private key, and `{secret}` is a shared secret by its name."
        yield RULE.finding(call.place, _FORGES, why, fix=_FIX, confidence=Confidence.MEDIUM)
    else:
        yield RULE.site(call.place, f"{algorithm} by a private key")


def _algorithm_of(call: Call, project: Project) -> Any:
    """The algorithm's name, None where the library chooses, `UNKNOWN` where it cannot be told."""
    if _is_headed(call):
        header = call.argument(0, "header")
        return read_table(header, call, project).get("alg", UNKNOWN)
    given = call.argument(2, "algorithm")
    return None if given is None else given.constant


def _is_headed(call: Call) -> bool:
    return call.name.startswith(("joserfc.", "authlib."))


def _key_place(call: Call) -> int:
    return 2 if _is_headed(call) else 1


def _find_secret(key: Argument | None, call: Call, project: Project) -> str:
    """The name of a shared secret that is given as the key, or nothing."""
    if key is None:
        return ""
    origins = origins_of(project)
    named = [
        name for node, _ in origins.trace(key.node, origins.scope_at(call), lambda *_: False) for name in _names(node)
    ]
    words = {word for name in named for word in split_words(name)}
    secrets = [name for name in named if "secret" in split_words(name)]
    return secrets[0] if secrets and _PRIVATE.isdisjoint(words) else ""


def _names(node: nodes.Node) -> Iterator[str]:
    match node:
        case nodes.Name(id=name) | nodes.Attribute(name=name):
            yield name
        case nodes.Subscript(index=nodes.Const(value=str(name))):
            yield name
        case nodes.Call(arguments=(nodes.Const(value=str(name)), *_)):
            yield name


def _judge_size(call: Call) -> Iterator[Remark]:
    if is_test(call.place.path):
        return
    bits = call.constant_of(1 if call.name.startswith("cryptography.") else 0, "key_size", "bits", "key_size_or_crv")
    if not isinstance(bits, int):
        return
    if bits < _LEAST_BITS:
        yield RULE.finding(call.place, _FACTORS, f"The RSA key has {bits} bits.", fix=_SIZE_FIX)
    else:
        yield RULE.site(call.place, f"{bits} bits")


RULE = Rule(
    slug="jwt-shared-secret",
    control="jwt-asymmetric",
    languages=("python",),
    unit=("place where tokens are signed", "places where tokens are signed"),
    sound="a private key",
    examine=examine,
)
