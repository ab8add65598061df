"""Tokens, keys, salts and codes from a generator that can be predicted, from the clock, or from uuid1."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import last_word, match_names
from vallum.check.flow.module import Definition, Module
from vallum.check.flow.scope import Scope
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.origins import Origins, origins_of
from vallum.check.readings.words import split_words
from vallum.check.rule import Rule
from vallum.check.taint.record import Outcome
from vallum.findings.finding import Confidence, Finding, Remark, Silence, Step, Where

_GENERATORS: Final = match_names((
    "random.random", "random.randint", "random.choice", "random.choices", "random.getrandbits", "random.randbytes",
    "random.sample", "random.randrange", "random.uniform", "random.Random().*", "numpy.random.*", "random.triangular",
    "random.gauss", "uuid.uuid1", "uuid.getnode",
))  # fmt: skip
_CLOCKS: Final = match_names((
    "time.time", "time.time_ns", "time.monotonic", "time.perf_counter", "datetime.datetime.now",
    "datetime.datetime.utcnow", "datetime.datetime.now().timestamp", "os.getpid", "id",
))  # fmt: skip
_GOOD: Final = (
    "secrets.*", "os.urandom", "random.SystemRandom().*", "uuid.uuid4", "django.utils.crypto.get_random_string",
    "vallum.guard.crypto.random.*", "vallum.base.randomness.*", "*.generate_private_key", "*.Fernet.generate_key",
    "*AESGCM.generate_key", "nacl.utils.random", "Crypto.Random.get_random_bytes",
)  # fmt: skip
_CARRIES: Final = frozenset({
    "join", "str", "int", "hex", "bytes", "bytearray", "chr", "format", "encode", "decode", "hexdigest", "digest",
    "b64encode", "urlsafe_b64encode", "standard_b64encode", "b32encode", "b16encode", "hexlify", "md5", "sha1",
    "sha224", "sha256", "sha384", "sha512", "blake2b", "new", "map", "list", "tuple", "zfill", "rjust", "strip",
    "rstrip", "lower", "upper", "replace", "to_bytes", "timestamp", "isoformat", "strftime", "tobytes", "tolist",
    "sample", "repr", "round", "pack", "sorted", "int_to_base36", "b64",
})  # fmt: skip
_DIGESTS: Final = frozenset({"md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b", "new"})
_SECRET_WORDS: Final = frozenset({
    "token", "secret", "nonce", "salt", "password", "passwd", "passphrase", "pwd", "otp", "csrf", "xsrf", "sid", "iv",
    "totp", "pepper", "jti", "apikey", "passcode", "sessionid", "pincode",
})  # fmt: skip
_SECRET_PAIRS: Final = {
    "key": frozenset({
        "api", "secret", "session", "signing", "encryption", "crypto", "private", "access", "aes", "hmac", "master",
        "reset", "activation", "licence", "license", "app", "shared", "cipher",
    }),
    "id": frozenset({"session", "sess"}),
    "code": frozenset({
        "reset", "otp", "verification", "verify", "login", "confirm", "confirmation", "invite", "invitation", "auth",
        "access", "activation", "recovery", "backup", "security", "pin", "sms", "mfa", "2", "voucher", "coupon",
    }),
    "link": frozenset({"reset", "magic", "activation", "share", "invite"}),
    "state": frozenset({"oauth", "auth", "login"}),
    "pin": frozenset({"user", "card", "login", "new", "generate"}),
}  # fmt: skip
_OTHER_WORDS: Final = frozenset({
    "expires", "expiry", "expiration", "exp", "at", "time", "issued", "created", "ttl", "timeout", "age", "count",
    "len", "length", "type", "start", "end", "used", "refreshed", "delay", "jitter", "limit", "index", "idx",
    "position", "rate", "bucket", "bucketed", "mask", "embedding", "embeddings", "logits", "tokenizer", "tokenize",
    "tokens", "num", "size", "probability", "prob", "weight", "weights", "vocab", "date", "interval", "since",
    "duration", "last", "when", "cleanup", "refresh", "check", "validate", "verify", "is", "has", "get", "test",
    "fake", "example", "dummy", "mock",
})  # fmt: skip
_VERB: Final = re.compile(r"^(?:get|fetch)_?(?=[A-Z_a-z])")
"""What is drawn anew in a function is no look-up, though its name may begin like one."""
_GETTER: Final = re.compile(r"^_*(?:get|fetch)_?(?=[A-Z]|(?<=_)[a-z])")
"""The verb of a function that gives a value; what follows names the value."""
_ATTACK: Final = "Whoever sees a few values, or knows the hour, works out the next ones."
_FIX: Final = "Draw it from secrets: secrets.token_urlsafe(32), secrets.token_bytes(n), secrets.choice(alphabet)."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every value that is named as a secret, and at every use of a good generator."""
    origins = origins_of(project)
    found: dict[Where, Finding] = {}
    for module, definition in project.facts.bodies:
        if is_test(module.path) or not _draws(module):
            continue
        scope = project.facts.names.scope_of(module, definition)
        for name, value in _named_values(project, module, definition):
            remark = _judge(name, value, scope, origins) if is_secret(name) else None
            if remark is not None:
                found.setdefault(remark.where, remark)
    for flow in project.flows("random"):
        if flow.outcome is Outcome.REACHED and not is_test(flow.module.path):
            why = f"`{flow.name.removeprefix('?.')}` gets what was drawn, and the generator is none for secrets."
            found.setdefault(flow.place, RULE.finding(flow.place, _ATTACK, why, fix=_FIX, steps=flow.steps))
    yield from found.values()
    sites = [RULE.site(call.place, call.name) for call in project.calls(*_GOOD) if not is_test(call.place.path)]
    yield from sites
    if not found and not sites and not project.uses("random", "numpy", "uuid"):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no random value is drawn")


def is_secret(name: str) -> bool:
    """Whether a name says that its value must not be guessed."""
    words = split_words(name)
    if not _OTHER_WORDS.isdisjoint(words):
        return False
    paired = any(word in words and not kinds.isdisjoint(words) for word, kinds in _SECRET_PAIRS.items())
    return paired or not _SECRET_WORDS.isdisjoint(words)


def _draws(module: Module) -> bool:
    return "import" in module.source.text


def _named_values(
    project: Project, module: Module, definition: Definition | None
) -> Iterator[tuple[str, nodes.Expression]]:
    """Every value with the name that it is given: assignment, keyword, key, or the function that returns it."""
    for setting in project.facts.settings(module, definition):
        yield setting.key, setting.node
    if definition is None:
        return
    for node in project.facts.iter_body(module, definition):
        if isinstance(node, nodes.Return | nodes.Yield) and node.value is not None:
            yield _VERB.sub("", definition.node.name), node.value


def _judge(name: str, value: nodes.Expression, scope: Scope, origins: Origins) -> Finding | None:
    sources: list[tuple[nodes.Call, Scope, str]] = []
    hashed = False
    for node, home in origins.trace(value, scope, _enters):
        if not isinstance(node, nodes.Call):
            continue
        called = origins.name_of(node.function, home)
        hashed |= last_word(node.function) in _DIGESTS
        if match_names(_GOOD)(called):
            return None
        if _GENERATORS(called) and not called.startswith(("random.SystemRandom", "numpy.random.seed")):
            if not _picks_thing(node, called, value, home, origins):
                sources.append((node, home, called))
        elif _CLOCKS(called):
            sources.append((node, home, called))
    drawn = [source for source in sources if not _CLOCKS(source[2])]
    if not drawn and not (sources and (hashed or isinstance(value, nodes.Text) or _is_text(value))):
        return None
    return _finding(name, value, (drawn or sources)[0], scope)


def _enters(node: nodes.Call, _scope: Scope) -> bool:
    """Whether what goes into a call comes out of it: into `text.encode()`, but not into `jwt.encode(claims, key)`."""
    if _word(node) in {"encode", "decode"} and node.arguments and not isinstance(node.arguments[0], nodes.Const):
        return False
    return last_word(node.function) in _CARRIES or _word(node) in _CARRIES


def _word(node: nodes.Call) -> str:
    return node.function.name if isinstance(node.function, nodes.Attribute) else last_word(node.function)


def _picks_thing(node: nodes.Call, called: str, value: nodes.Expression, scope: Scope, origins: Origins) -> bool:
    """`random.choice(things)` for one thing of a list, which is no secret unless the list is an alphabet."""
    if not called.endswith((".choice", ".sample", ".choices")) or not node.arguments or value is not node:
        return False
    things = node.arguments[0]
    alphabet = isinstance(things, nodes.Const | nodes.Binary) or "string." in origins.name_of(things, scope)
    return not alphabet and called.endswith(".choice")


def _is_text(value: nodes.Expression) -> bool:
    """A clock that is turned into text; a number that is compared or added to is a time."""
    return isinstance(value, nodes.Call) and _word(value) in {"str", "hex", "format", "hexdigest", "encode", "join"}


def _finding(name: str, value: nodes.Expression, source: tuple[nodes.Call, Scope, str], scope: Scope) -> Finding:
    node, home, called = source
    place, drawn = scope.module.place(value), home.module.place(node)
    steps: tuple[Step, ...] = ()
    if (drawn.path, drawn.line) != (place.path, place.line):
        steps = (Step(verb="enters", place=drawn, value=called), Step(verb="becomes", place=place, value=name))
    why = f"`{name}` is made from {called}, which is no generator for secrets."
    confidence = Confidence.MEDIUM if _CLOCKS(called) else Confidence.HIGH
    return RULE.finding(drawn, _ATTACK, why, fix=_FIX, steps=steps, confidence=confidence)


RULE = Rule(
    slug="predictable-secret",
    control="secure-random",
    languages=("python",),
    unit=("security value", "security values"),
    sound="from the operating system's generator",
    examine=examine,
)
