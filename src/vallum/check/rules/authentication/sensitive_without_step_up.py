"""Operations that make a stolen session permanent, and ask for nothing but the session."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.project import Project
from vallum.check.readings.endpoints import View, list_views, text_around
from vallum.check.readings.words import split_words
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_SENSITIVE: Final = re.compile(
    r"""^(?:change|update|set|new|edit|replace)_(?:my_|user_|own_|account_)?(?:password|e_?mail|email|address|phone)$
    |^(?:password|email|e_mail)_change$
    |^(?:disable|remove|delete|reset|enable|add|turn_off)_(?:my_)?(?:mfa|totp|otp|2fa|two_factor|factor|factors|passkey)$
    |^(?:create|add|new|issue|generate|rotate)_(?:api_|access_|personal_)+(?:key|token)s?$
    |^(?:assign|grant|set|change|add|give|make)_(?:user_)?(?:role|roles|admin|permission|permissions)$
    |^(?:create_payment|make_payment|transfer|transfer_money|withdraw|send_money|payout)$
    |^export_(?:all_|my_|account_)?data$""",
    re.VERBOSE,
)
_PATH: Final = re.compile(
    r"/(?:me|account|profile|settings|user)/(?:password|email|mfa|factors?|2fa|api-?keys?)/?$|/(?:payments|transfers|withdrawals)/?$"
)
_STEPS: Final = re.compile(
    r"step_?up|recent(?:_|ly|[A-Z])|fresh(?:_|[A-Z]|=\s*True)|re_?auth|sudo|confirm_?password|verify_?password"
    r"|check_password|current_password|old_password|confirms?\(|verify_?(?:code|totp|otp|mfa)|mfa_required|require_mfa"
    r"|require_second|otp_required|password_confirm|proof|elevat|PasswordChangeForm|max_age|\bsecond_factor\b"
    r"|\.verify\([^)]*(?:passw|current)|signed_in\([^)]*(?:within|recent|mfa)",
    re.IGNORECASE,
)
_KNOWN: Final = re.compile(
    r"user|login|session|signed|actor|account|permission|require_|member|customer", re.IGNORECASE
)
_ATTACK: Final = "Whoever finds an open session, or steals its cookie, makes the account his own for good."
_FIX: Final = "Ask for a second factor, or the password, of the last 5 minutes before anything is changed."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every handler that changes credentials, factors, roles, keys or moves money."""
    looked = False
    for view in list_views(project):
        if not view.takes_post or not _is_sensitive(view):
            continue
        looked = True
        if _STEPS.search(text_around(view, project)):
            yield RULE.site(view.function.place)
        else:
            why = f"{view.function.name} asks for nothing but the session."
            yield RULE.finding(view.function.place, _ATTACK, why, fix=_FIX, confidence=Confidence.MEDIUM)
    if not looked:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no handler changes credentials, factors or roles")


def _is_sensitive(view: View) -> bool:
    name = "_".join(split_words(view.function.name))
    if not {"reset", "forgot", "form"}.isdisjoint(name.split("_")):
        return False
    if not _KNOWN.search(f"{view.before} {view.function.text}") or "signature" in view.function.text:
        return False
    return _SENSITIVE.match(name) is not None or (_PATH.search(view.path) is not None and "GET" not in view.methods)


RULE = Rule(
    slug="sensitive-without-step-up",
    control="mfa-step-up",
    languages=("python",),
    unit=("sensitive operation", "sensitive operations"),
    sound="asks for a fresh proof",
    examine=examine,
)
