"""Secrets of second factors that lie in clear, count before they are proved, or go to a stranger as a picture."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Setting, last_word
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.origins import origins_of
from vallum.check.rule import Rule
from vallum.findings.finding import Finding, Remark, Silence, Site

_SECRETS: Final = re.compile(
    r"(?:^|_)(?:totp|mfa|otp|two_factor|2fa)_?(?:secret|seed|key)$|^(?:totp|mfa|otp)(?:Secret|Key)$"
)
_SEALED: Final = re.compile(r"seal|encrypt|cipher|fernet|wrap|protect|kms|vault", re.IGNORECASE)
_ENABLED: Final = re.compile(
    r"^(?:is_)?(?:mfa|totp|otp|two_factor|tfa|2fa)_?(?:enabled|active|activated|confirmed|on)$|^mfaEnabled$"
)
_GENERATORS: Final = (
    "pyotp.random_base32",
    "pyotp.random_hex",
    "*.generate_totp_secret",
    "passlib.totp.generate_secret",
)
_PICTURES: Final = re.compile(r"https?://[^\s\"'{}]*(?:qr|chart)[^\s\"'{}]*", re.IGNORECASE)
_OTPAUTH: Final = re.compile(r"otpauth|provisioning_uri|totp|otp|secret", re.IGNORECASE)
_FORMS: Final = frozenset({"attribute", "keyword", "item", "key"})
_STORED: Final = re.compile(r"(?:^|\.)[A-Z]\w+(?:\(\))?$|\.(?:create|insert|update|values|save)\b|insert|update")
_ATTACK: Final = "Whoever reads the database, or a backup of it, makes valid codes for every account."
_EARLY: Final = "A factor that nobody proved locks its owner out, or is the attacker's own."
_SHOWN: Final = "The service that draws the picture learns the secret of every user."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every place that stores or switches on a factor, and at addresses of pictures."""
    seen: set[object] = set()
    generated = {(call.module.path, call.function.qualified) for call in project.calls(*_GENERATORS) if call.function}
    for setting in project.settings:
        if setting.form in _FORMS and not is_test(setting.place.path):
            for remark in _judge(setting, generated, project):
                if remark.where not in seen:
                    seen.add(remark.where)
                    yield remark
    for literal in project.literals:
        text = literal.constant
        if (
            isinstance(text, str)
            and _PICTURES.match(text)
            and _OTPAUTH.search(literal.module.source.text)
            and not is_test(literal.place.path)
            and not literal.place.path.startswith("docs")
        ):
            seen.add(literal.place)
            yield RULE.finding(literal.place, _SHOWN, f"`{text[:40]}` draws it.", fix="Draw it here, as inline SVG.")
    if not seen and not project.uses("pyotp", "django_otp", "passlib.totp"):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no second factor is enrolled")


def _judge(setting: Setting, generated: set[tuple[str, str]], project: Project) -> Iterator[Finding | Site]:
    if _SECRETS.search(setting.key):
        yield from _judge_secret(setting, project)
    elif _ENABLED.match(setting.key) and setting.constant is True and _is_with_secret(setting, generated):
        why = f"{setting.key} is set where the secret is made, before a code has proved it."
        yield RULE.finding(setting.place, _EARLY, why, fix="Switch it on when a code of the new secret was verified.")
    elif re.search(r"(?:totp|mfa|otp)_?(?:sealed|encrypted|cipher)", setting.key) and not setting.known:
        yield RULE.site(setting.place, "sealed")


def _judge_secret(setting: Setting, project: Project) -> Iterator[Finding | Site]:
    if setting.known or not (setting.form == "attribute" or _STORED.search(setting.target)):
        return
    if re.search(r"(?:^|\.)(?:session|self|cls|config|request)\b", setting.target) and setting.form != "keyword":
        return
    origins = origins_of(project)
    parts = [node for node, _ in origins.trace(setting.node, origins.scope_at(setting))]
    if any(isinstance(node, nodes.Call) and _SEALED.search(last_word(node.function)) for node in parts):
        yield RULE.site(setting.place, "sealed")
    elif _SEALED.search(setting.text) or _has_sealed_column(setting.key, project):
        yield RULE.site(setting.place, "sealed by its column")
    elif any(isinstance(node, nodes.Call) for node in parts):
        yield RULE.finding(setting.place, _ATTACK, f"{setting.key} is stored as it is.", fix=_FIX)


_FIX: Final = "Seal it with a key from outside the database (vallum.guard.crypto), bound to the account."


def _has_sealed_column(key: str, project: Project) -> bool:
    """A field of an encrypted type: `mfa_secret = EncryptedCharField()`, `mapped_column(EncryptedType(...))`."""
    return any(
        other.key == key and other.form == "name" and _SEALED.search(other.text) is not None
        for other in project.settings
    )


def _is_with_secret(setting: Setting, generated: set[tuple[str, str]]) -> bool:
    scope = setting.place.scope
    return any(path == setting.module.path and name.endswith(scope) for path, name in generated) if scope else False


RULE = Rule(
    slug="factor-unsealed",
    control="mfa-enrolment",
    languages=("python",),
    unit=("stored factor", "stored factors"),
    sound="sealed and proved",
    examine=examine,
)
