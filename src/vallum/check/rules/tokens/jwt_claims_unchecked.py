"""Tokens that are accepted for another service, from another issuer, or without the claims that limit them."""

from collections.abc import Iterator
from typing import Any, Final

from vallum.check.flow.folding import UNKNOWN
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.tokens import Reading, find_readings
from vallum.check.readings.words import split_words
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_ATTACK: Final = "A token that was made for another service, or that never ends, opens this one."
_FIX: Final = (
    'Name what a token must say: jwt.decode(token, key, algorithms=["ES256"], audience=..., issuer=..., '
    'options={"require": ["exp", "iat", "nbf", "iss", "aud", "sub", "jti"]}).'
)
_NAIVE: Final = "On a server that is not on UTC the times of a token are off, and Python 3.12 deprecates the call."
_NAIVE_FIX: Final = "Write datetime.now(UTC)."
_REQUIRED: Final = ("exp", "iat", "nbf", "iss", "aud", "sub", "jti")
_ID_TOKEN: Final = ("exp", "iat", "iss", "aud", "sub")
"""What an ID token must say (OpenID Connect Core, section 2); its nonce makes it good for one login."""
_TIMES: Final = frozenset({"exp", "iat", "nbf"})
_MOST_LEEWAY: Final = 60
_REGISTRIES: Final = ("joserfc.jwt.JWTClaimsRegistry", "*.validate")


def examine(project: Project) -> Iterator[Remark]:
    """Look at every call that reads a token, and at the times that tokens are given."""
    remarks = [remark for reading in find_readings(project) for remark in _judge(reading, project)]
    remarks += _judge_times(project)
    yield from remarks
    if not remarks and not project.uses("jwt", "jose", "joserfc", "authlib"):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no JSON Web Token is read")


def _judge(reading: Reading, project: Project) -> Iterator[Remark]:
    call = reading.call
    if call.expands or reading.unverified or call.name == "jose.jws.verify":
        return
    if reading.library in {"joserfc", "authlib"}:
        # These check the signature here and the claims in a call of their own.
        if not any(not is_test(other.place.path) for other in project.calls(*_REGISTRIES)):
            why = "No claim is checked after the signature."
            yield RULE.finding(call.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)
        return
    missing = list(_list_missing(reading))
    if missing:
        yield RULE.finding(call.place, _ATTACK, f"{'; '.join(missing)}.", fix=_FIX)
    elif _is_told(reading):
        yield RULE.site(call.place, "audience, issuer and the required claims are named")


def _list_missing(reading: Reading) -> Iterator[str]:
    call, options = reading.call, reading.options
    for keyword, claim in (("audience", "aud"), ("issuer", "iss")):
        given = call.argument(None, keyword)
        if options.get(f"verify_{claim}") is False:
            yield f"`verify_{claim}` is off"
        elif given is None or given.constant is None:
            yield f"no {keyword} is named"
    required = _list_required(reading)
    needed = _ID_TOKEN if _is_id_token(reading, required or set()) else _REQUIRED
    if required is not None and (absent := [claim for claim in needed if claim not in required]):
        yield f"a token without {', '.join(absent)} is accepted"
    leeway = call.constant_of(None, "leeway", default=options.get("leeway", 0))
    if isinstance(leeway, int | float) and leeway > _MOST_LEEWAY:
        yield f"the leeway is {leeway} s, more than {_MOST_LEEWAY}"


def _list_required(reading: Reading) -> set[Any] | None:
    """The claims that must be present; None where that cannot be told."""
    options = reading.options
    if reading.library == "jose":
        found = {claim for claim in _REQUIRED if options.get(f"require_{claim}", False) is not False}
        return found if _is_told(reading) else None
    listed = options.get("require", [] if _is_told(reading) else UNKNOWN)
    return set(listed) if isinstance(listed, list | tuple) and UNKNOWN not in listed else None


def _is_id_token(reading: Reading, required: set[Any]) -> bool:
    token = reading.call.argument(0, "jwt", "token")
    return "nonce" in required or (token is not None and split_words(token.words)[:2] == ("id", "token"))


def _is_told(reading: Reading) -> bool:
    """Whether the options are written where they can be read."""
    given = reading.call.argument(3 if reading.library == "jwt" else None, "options")
    return given is None or bool(reading.options) or given.known


def _judge_times(project: Project) -> Iterator[Remark]:
    for setting in project.settings:
        naive = setting.key in _TIMES and setting.form in {"key", "item"} and "utcnow(" in setting.text
        if naive and not is_test(setting.place.path):
            yield RULE.finding(setting.place, _NAIVE, f"`{setting.key}` is a time without a zone.", fix=_NAIVE_FIX)


RULE = Rule(
    slug="jwt-claims-unchecked",
    control="jwt-claims-validated",
    languages=("python",),
    unit=("verification of a token", "verifications of tokens"),
    sound="the claims are required",
    examine=examine,
)
