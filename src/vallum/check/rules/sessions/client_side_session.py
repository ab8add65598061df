"""Sessions that the browser keeps, that are pickled, or whose store anybody on the network can enter."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow.facts import Call, Setting
from vallum.check.project import Project
from vallum.check.read.purpose import is_test, names_development
from vallum.check.responses.apps import find_guards
from vallum.check.rule import Rule
from vallum.findings.finding import Remark, Silence

_EXTENSIONS: Final = (
    "flask_session", "flask_session.Session", "flask_kvsession", "starsessions", "starlette_session", "beaker",
    "fastapi_sessions", "aiohttp_session", "flask_caching.session",
)  # fmt: skip
_IDENTITY: Final = re.compile(
    r"^_?(?:user|user_?id|uid|account_?id|member_?id|username|user_?name|email|roles?|is_?admin|permissions|logged_?in"
    r"|is_?authenticated|profile|token|access_token)$",
    re.IGNORECASE,
)
_ENGINES: Final = {"django.contrib.sessions.backends.signed_cookies": "the browser keeps the whole session"}
_LOCAL: Final = re.compile(r"redis://(?:localhost|127\.0\.0\.1|\[::1\])")
_OPEN: Final = re.compile(r"redis://(?!(?:[^/@\s]*:)?[^/@\s]+@)[^/@\s]+")
_SESSION: Final = re.compile(r"sess(?:ion)?s?", re.IGNORECASE)
_ATTACK: Final = "The browser's copy cannot be ended, tells what it holds, and goes on working after a logout."
_FIX: Final = "Keep the session at the server, under a digest of its id; the cookie holds the id only."
_PICKLE: Final = "Who can write to the store, or knows the key, runs code in this process."
_PICKLE_FIX: Final = "Serialise sessions as JSON."
_REDIS: Final = "Whoever reaches the port reads and writes everybody's session."
_REDIS_FIX: Final = "Use rediss:// with a user and a password."


def examine(project: Project) -> Iterator[Remark]:
    """Look at backends, serialisers and what is written into a cookie's session."""
    seen = False
    for remark in (
        *(remark for setting in project.settings for remark in _judge_setting(setting)),
        *_judge_cookies(project),
        *_judge_stores(project),
        *(RULE.site(call.place, "the guard keeps records at the server") for call in find_guards(project)),
    ):
        seen = True
        yield remark
    if not seen and not project.uses("flask.session", "django.contrib.sessions", "starlette.middleware.sessions"):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no session is kept here")


def _judge_setting(setting: Setting) -> Iterator[Remark]:
    if is_test(setting.place.path) or not isinstance(setting.constant, str) or setting.form == "default":
        return
    if setting.key == "SESSION_ENGINE":
        why = _ENGINES.get(setting.constant)
        if why:
            yield RULE.finding(setting.place, _ATTACK, f"With {setting.constant} {why}.", fix=_FIX)
        else:
            yield RULE.site(setting.place, setting.constant)
    elif setting.key in {"SESSION_SERIALIZER", "SESSION_SERIALIZATION_FORMAT"}:
        if "pickle" in setting.constant.lower():
            yield RULE.finding(setting.place, _PICKLE, f"{setting.key} is {setting.constant}.", fix=_PICKLE_FIX)
        else:
            yield RULE.site(setting.place, setting.constant)
    elif setting.key == "SESSION_TYPE":
        if setting.constant in {"null", "cookie"}:
            yield RULE.finding(setting.place, _ATTACK, f"SESSION_TYPE is {setting.constant}.", fix=_FIX)
        else:
            yield RULE.site(setting.place, f"{setting.constant} at the server")


def _judge_cookies(project: Project) -> Iterator[Remark]:
    """Flask's and Starlette's own sessions are cookies, unless an extension keeps them."""
    if project.uses(*_EXTENSIONS) or any(setting.key == "SESSION_TYPE" for setting in project.settings):
        return
    if any(setting.target.endswith(".session_interface") for setting in project.settings):
        return
    starlette = project.uses("starlette.middleware.sessions")
    for setting in project.settings:
        is_flask = setting.target.startswith("flask.session[")
        is_starlette = starlette and ".session[" in setting.target and not setting.target.startswith("flask.")
        if (
            (setting.form == "item" and (is_flask or is_starlette) and _IDENTITY.match(setting.key))
            and not is_test(setting.place.path)
            and setting.constant is not None
        ):
            why = f"The signed cookie holds `{setting.key}`."
            yield RULE.finding(setting.place, _ATTACK, why, fix=_FIX)


def _judge_stores(project: Project) -> Iterator[Remark]:
    for call in project.calls("pickle.dumps", "dill.dumps", "marshal.dumps"):
        around = f"{call.place.path} {call.function.text if call.function else ''}"
        if (
            call.function is not None
            and _SESSION.search(around)
            and "session" in call.function.text
            and not is_test(call.place.path)
        ):
            yield RULE.finding(call.place, _PICKLE, f"Sessions go through {call.name}.", fix=_PICKLE_FIX)
    for call in project.calls(
        "redis.from_url", "redis.Redis.from_url", "redis.asyncio.from_url", "redis.asyncio.Redis.from_url"
    ):
        yield from _judge_redis(call)


def _judge_redis(call: Call) -> Iterator[Remark]:
    address = call.constant_of(0, "url")
    if not isinstance(address, str) or is_test(call.place.path) or names_development(call.place.path):
        return
    if not _SESSION.search(f"{call.place.path} {address} {call.module.source.text}"):
        return
    if call.argument(None, "password", "credential_provider") is not None or call.expands:
        yield RULE.site(call.place, "with a password")
    elif _OPEN.match(address) and not _LOCAL.match(address):
        yield RULE.finding(call.place, _REDIS, "The address has no password and no TLS.", fix=_REDIS_FIX)
    elif address.startswith("rediss://"):
        yield RULE.site(call.place, "rediss://")


RULE = Rule(
    slug="client-side-session",
    control="session-server-side",
    languages=("python",),
    unit=("session backend", "session backends"),
    sound="at the server",
    examine=examine,
)
