"""Logouts after which the session still works, or that a link can cause."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.project import Project
from vallum.check.readings.endpoints import View, find_views, text_around
from vallum.check.rule import Rule
from vallum.findings.finding import Remark, Silence

_NAME: Final = re.compile(r"(?:^|_)(?:log_?out|sign_?out|log_out|end_session)(?:_|$)")
_PATH: Final = re.compile(r"/(?:logout|log-out|signout|sign-out)/?$")
_NOT: Final = frozenset({"page", "form", "confirm", "url", "redirect", "callback", "back", "channel", "backchannel"})
_CLEARS: Final = re.compile(r"delete_cookie\(|set_cookie\([^)]*(?:max_age\s*=\s*0|expires\s*=\s*0)|unset_\w*cookies?\(")
_ENDS: Final = re.compile(
    r"destroy|flush\(|\bsign_out\(|logout_user\(|(?<!def )\blogout\(|(?<!def )\balogout\("
    r"|revoke|invalidat|blacklist|blocklist|denylist"
    r"|delete_session|end_(?!session\b\s*\()\w*|end_session\(\w|remove_session|session\w*\.(?:delete|pop|clear)\(|\.delete\("
    r"|delete\s+from|\bdeny|\.unlink\(|forget\(|session\.clear\(\)|session\.pop\(|unset_jwt",
    re.IGNORECASE,
)
_ATTACK: Final = "A cookie that was copied before goes on working after its owner signed out."
_FIX: Final = "Delete the session's record at the server: sign_out() of the guard, logout(request) of Django."
_GET_ATTACK: Final = "A picture or a link on any page signs the visitor out, and a prefetch does it by itself."
_GET_FIX: Final = "Take POST for it, with the check against forged requests."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every handler that signs out."""
    looked = False
    for view in find_views(project, _NAME, _PATH):
        if view.words.isdisjoint(_NOT):
            looked = True
            yield from _judge(view, project)
    if not looked:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no handler signs anybody out")


def _judge(view: View, project: Project) -> Iterator[Remark]:
    place = view.function.place
    body = text_around(view, project).replace(f"def {view.function.name}(", "")
    if "GET" in view.methods and not re.search(r"request\.method|render", view.function.text):
        why = f"{view.function.name} answers GET."
        yield RULE.finding(place, _GET_ATTACK, why, fix=_GET_FIX)
    elif _ENDS.search(_body(body)):
        yield RULE.site(place)
    elif _CLEARS.search(body):
        why = f"{view.function.name} clears the cookie and nothing else."
        yield RULE.finding(place, _ATTACK, why, fix=_FIX)


def _body(text: str) -> str:
    """The text without the removal of cookies, which the word `delete` would hit."""
    return re.sub(r"\w*\.?(?:delete_cookie|set_cookie)\(", "(", text)


RULE = Rule(
    slug="logout-keeps-session",
    control="session-logout",
    languages=("python",),
    unit=("logout", "logouts"),
    sound="deletes the record",
    examine=examine,
)
