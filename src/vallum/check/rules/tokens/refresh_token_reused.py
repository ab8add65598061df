"""Refresh tokens that stay valid after their use, are stored as they are, or live for months."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Setting
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.endpoints import find_views, text_around
from vallum.check.readings.lifetimes import seconds_of
from vallum.check.rule import Rule
from vallum.findings.finding import Remark, Silence
from vallum.findings.place import Place

_NAME: Final = re.compile(r"^(?:refresh|renew)(?:_(?:access_)?token|_access|_tokens|_pair)?$|^token_refresh$")
_PATH: Final = re.compile(r"/(?:token/refresh|refresh(?:-token)?|auth/refresh)/?$")
_ROTATES: Final = re.compile(
    r"rotat|refresh_pair|new_refresh|issue_refresh|create_refresh|make_refresh|[\"']refresh(?:_token)?[\"']\s*[:,]"
    r"|refresh_token\s*=\s*(?!Cookie|Header|Body|Form|request)\w+\(|set_cookie\(\s*[\"'][^\"']*refresh|used\s*=\s*(?:1|True)",
    re.IGNORECASE,
)
_MOST: Final = 7 * 86_400
_LIFES: Final = re.compile(
    r"REFRESH_\w*(?:LIFE|LIFETIME|EXPIR\w*|DAYS|TTL|AGE)|JWT_REFRESH_TOKEN_EXPIRES", re.IGNORECASE
)
_ATTACK: Final = "A refresh token that was stolen once brings new tokens for months, beside its owner's."
_FIX: Final = "Replace it at each use in one step, and end the family when one comes twice: RefreshTokens of the guard."
_RAW: Final = "Whoever reads the table, or a backup of it, renews everybody's login."
_RAW_FIX: Final = "Store the SHA-256 digest of the token."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every handler that refreshes, at what is stored, and at lifetimes."""
    looked = False
    for view in find_views(project, _NAME, _PATH):
        if view.takes_post:
            looked = True
            if _ROTATES.search(text_around(view, project)):
                yield RULE.site(view.function.place)
            else:
                why = f"{view.function.name} gives no new refresh token."
                yield RULE.finding(view.function.place, _ATTACK, why, fix=_FIX)
    for remark in _judge_settings(project):
        looked = True
        yield remark
    for call in project.calls("*.RefreshTokens"):
        if not is_test(call.place.path):
            looked = True
            yield RULE.site(call.place, "the guard's families")
    if not looked:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "nothing is refreshed here")


def _judge_settings(project: Project) -> Iterator[Remark]:
    """What is stored, and the lifetimes."""
    seen = set[Place]()
    for setting in project.settings:
        if is_test(setting.place.path) or setting.place in seen:
            continue
        if _stores_raw(setting):
            seen.add(setting.place)
            yield RULE.finding(setting.place, _RAW, f"`{setting.key}` holds the token as it is.", fix=_RAW_FIX)
        elif _LIFES.fullmatch(setting.key) and setting.form in {"name", "item", "key", "keyword"}:
            seconds = seconds_of(setting, project)
            days = setting.key.upper().endswith("DAYS")
            total = seconds * 86_400 if seconds is not None and days else seconds
            if total is not None and total > _MOST:
                yield RULE.finding(setting.place, _ATTACK, f"It lives for {total} seconds.", fix="Let it live a week.")


def _stores_raw(setting: Setting) -> bool:
    """`RefreshToken(token=refresh_token)`, `user.refresh_token = refresh_token`."""
    if not isinstance(setting.node, nodes.Name) or "refresh" not in setting.text.lower():
        return False
    if "digest" in setting.text or "hash" in setting.text:
        return False
    of_model = setting.form == "keyword" and re.search(r"(?:^|\.)\w*Refresh\w*$|\.create$", setting.target) is not None
    return setting.key in {"token", "refresh_token", "value"} and (
        (of_model and "Response" not in setting.target and "Pair" not in setting.target)
        or (setting.form == "attribute" and setting.key == "refresh_token" and "self." not in setting.target)
    )


RULE = Rule(
    slug="refresh-token-reused",
    control="refresh-token-rotation",
    languages=("python",),
    unit=("refresh", "refreshes"),
    sound="replaced at each use",
    examine=examine,
)
