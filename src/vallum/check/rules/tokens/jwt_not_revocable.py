"""Tokens without an id, and logouts that leave them valid."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.claims import read_claims
from vallum.check.readings.endpoints import find_views, text_around
from vallum.check.readings.tokens import find_issues
from vallum.check.rule import Rule
from vallum.findings.finding import Remark, Silence

_LOGOUT: Final = re.compile(r"(?:^|_)(?:log_?out|sign_?out)(?:_|$)")
_JWT: Final = re.compile(r"jwt|bearer|claims|access_?token|HTTPBearer", re.IGNORECASE)
_ENDS: Final = re.compile(
    r"revok|blocklist|blacklist|denylist|deny_?list|denied|invalidat|destroy|end_(?:token|family|account|session)"
    r"|sign_out\(|\.delete\(|epoch|token_version|(?<!def )\blogout\(|logout_user\(|cycle_key|flush\(",
    re.IGNORECASE,
)
_ATTACK: Final = "A copy of the token works after the logout, the new password and the dismissal."
_FIX: Final = "Give each token a random jti, and keep a deny list that the verifier asks."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every token that is issued, and at the logouts of applications with tokens."""
    looked = False
    for call, payload in find_issues(project):
        looked = True
        claims = read_claims(payload, call, project)
        if "jti" in claims.values:
            yield RULE.site(call.place, "has a jti")
        elif claims.seen and not claims.open:
            yield RULE.finding(call.place, _ATTACK, "The token has no jti: nobody can name it.", fix=_FIX)
    for remark in _judge_logouts(project):
        looked = True
        yield remark
    for call in project.calls("*.AccessTokens"):
        if not is_test(call.place.path):
            looked = True
            yield RULE.site(call.place, "the guard's tokens have an id")
    if not looked:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no JSON Web Token is issued")


def _judge_logouts(project: Project) -> Iterator[Remark]:
    """The logouts of applications with tokens."""
    for view in find_views(project, _LOGOUT):
        text = text_around(view, project).replace(f"def {view.function.name}(", "")
        if not _JWT.search(f"{view.before} {view.function.text}") or not view.takes_post:
            continue
        if _ENDS.search(text):
            yield RULE.site(view.function.place, "revokes")
        elif "delete_cookie" not in text:
            why = f"{view.function.name} revokes nothing."
            yield RULE.finding(view.function.place, _ATTACK, why, fix=_FIX)


RULE = Rule(
    slug="jwt-not-revocable",
    control="jwt-revocation",
    languages=("python",),
    unit=("token or logout", "tokens and logouts"),
    sound="can be revoked",
    examine=examine,
)
