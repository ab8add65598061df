"""One key for all time: ciphertexts and signatures that name no key, and rotations that cannot go on."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Function
from vallum.check.flow.module import Module
from vallum.check.flow.walk import iter_nodes
from vallum.check.judging import guard_sites
from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test
from vallum.check.readings.tokens import find_issues
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_BOXES: Final = (
    "cryptography.fernet.Fernet", "*.aead.AESGCM", "*.aead.AESGCMSIV", "*.aead.ChaCha20Poly1305",
    "nacl.secret.SecretBox",
)  # fmt: skip
_RINGS: Final = ("cryptography.fernet.MultiFernet", "*.MultiFernet().rotate", "jwcrypto.jwk.JWKSet", "jwt.PyJWKClient")
_RING: Final = re.compile(
    r"MultiFernet|\bkid\b|key_?ids?\b|key_?version|key_?ring|\bring\b|previous_?key|old_?keys|fallback", re.IGNORECASE
)
_ONE_KEY: Final = re.compile(r"environ|getenv|settings|config|_?[A-Z][A-Z0-9_]*(?:KEY|SECRET)\b")
_OPENS: Final = re.compile(r"\b\w*(?:decrypt|unseal|unwrap)\w*\(", re.IGNORECASE)
_SEALS: Final = re.compile(r"(?<![a-z])(?:\w*_)?(?:re)?(?:encrypt|seal)\w*\(", re.IGNORECASE)
_RESUMES: Final = re.compile(
    r"limit\(|batch|chunk|key_?id|\bkid\b|checkpoint|resum|cursor|last_id|skip_locked|yield_per|savepoint"
    r"|key_?version|\breseal\b",
    re.IGNORECASE,
)
_ATTACK: Final = "A leaked key cannot be replaced without a stop of the service and the loss of what it had sealed."
_TORN: Final = "A rotation that breaks off leaves rows under two keys, and nobody can tell which."
_FIX: Final = "Keep a list of keys with ids: the first writes, all read (MultiFernet, kid, the guard's SealedBox)."
_BATCH: Final = "Select rows that name the old key id in batches, one transaction each, until none is left."


def examine(project: Project) -> Iterator[Remark]:
    """Look at the boxes that hold a key, at the tokens that are signed, and at the loops that seal anew."""
    remarks = [*_judge_boxes(project), *_judge_tokens(project), *_judge_loops(project)]
    remarks += [RULE.site(call.place, call.method) for call in project.calls(*_RINGS) if not is_test(call.place.path)]
    remarks += guard_sites(RULE, project, "*SealedBox.from_secrets")
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "nothing is sealed or signed under a key here")


def _judge_boxes(project: Project) -> Iterator[Remark]:
    ringed: dict[Module, bool] = {}
    for call in project.calls(*_BOXES):
        if is_test(call.place.path) or is_document(call.place.path):
            continue
        module = call.module
        has_ring = ringed.setdefault(module, _RING.search(module.source.text) is not None)
        if has_ring:
            yield RULE.site(call.place, "among keys that have ids")
        elif call.function is None:
            why = "One key is set for the whole module, and what it seals does not name it."
            yield RULE.finding(call.place, _ATTACK, why, fix=_FIX)
        elif _is_fixed(call):
            why = "The key is one fixed setting, and what it seals does not name it."
            yield RULE.finding(call.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)


def _is_fixed(call: Call, position: int = 0) -> bool:
    key = call.argument(position, "key")
    return key is not None and _ONE_KEY.search(key.text) is not None and not isinstance(key.node, nodes.Call)


def _judge_tokens(project: Project) -> Iterator[Remark]:
    for call, _ in find_issues(project):
        algorithm = call.constant_of(2, "algorithm")
        headed = call.name.startswith(("joserfc.", "authlib."))
        headers = call.argument(0, "header") if headed else call.argument(3, "headers")
        if headers is not None and ("kid" in headers.text or isinstance(headers.node, nodes.Name)):
            yield RULE.site(call.place, "the header names the key")
        elif isinstance(algorithm, str) and not algorithm.startswith("HS") and _is_fixed(call, 1) and not call.expands:
            why = "The header of the token names no key (kid)."
            yield RULE.finding(call.place, _ATTACK, why, fix='headers={"kid": key.key_id}')


def _judge_loops(project: Project) -> Iterator[Remark]:
    for function in project.functions:
        if is_test(function.place.path) or ("crypt" not in function.text and "seal" not in function.text):
            continue
        for loop, names in _reseals(function):
            place = function.module.place(loop.source)
            if _RESUMES.search(function.text) or _RESUMES.search(names):
                yield RULE.site(place, "in batches, by key id")
            else:
                yield RULE.finding(place, _TORN, "All rows are sealed anew in one pass without a mark.", fix=_BATCH)


def _reseals(function: Function) -> Iterator[tuple[nodes.For, str]]:
    """The loops of a function that open and seal one thing after another."""
    for node in (inner for part in function.node.body for inner in iter_nodes(part)):
        if isinstance(node, nodes.For):
            text = "\n".join(function.module.text_of(part) for part in node.body)
            if _OPENS.search(text) and _SEALS.search(re.sub(_OPENS, "", text)):
                yield node, function.module.text_of(node.source)


RULE = Rule(
    slug="key-without-ring",
    control="key-rotation",
    languages=("python",),
    unit=("key, signature or rotation", "keys, signatures and rotations"),
    sound="names its key",
    examine=examine,
)
