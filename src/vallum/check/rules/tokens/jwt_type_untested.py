"""Verifications that take a token of any type: a refresh token opens the interface, and the other way round."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.tokens import find_readings
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_TESTS: Final = re.compile(
    r"[\"'](?:type|typ|token_type|token_use|kind|purpose|use|scope|token_kind)[\"']|\btyp\s*=|token_type|\.typ\b"
    r"|expected_type|[\"']nonce[\"']|nonce\b"
)
_ATTACK: Final = "A token for renewing, for a reset or for another client passes as a token of access."
_FIX: Final = 'Compare the type after the signature: claims.get("type") == "access", and the header typ.'


def examine(project: Project) -> Iterator[Remark]:
    """Look at every call that reads a token."""
    looked = False
    for reading in find_readings(project):
        looked = True
        call, function = reading.call, reading.call.function
        texts = [function.text] if function is not None else [call.text]
        if function is not None:
            called = [other for other in project.functions if any(c.name == function.qualified for c in other.calls)]
            texts += [other.text for other in called]
        if reading.unverified:
            continue
        if any(_TESTS.search(text) for text in texts):
            yield RULE.site(call.place)
        else:
            why = "Nothing looks at the type of the token."
            yield RULE.finding(call.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)
    for call in project.calls("*.AccessTokens"):
        if not is_test(call.place.path):
            looked = True
            yield RULE.site(call.place, "at+jwt and nothing else")
    if not looked:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no JSON Web Token is read")


RULE = Rule(
    slug="jwt-type-untested",
    control="jwt-type-separation",
    languages=("python",),
    unit=("verification of a token", "verifications of tokens"),
    sound="one type",
    examine=examine,
)
