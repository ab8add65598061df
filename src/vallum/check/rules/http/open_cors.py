"""Cross-origin answers for everybody: wildcards, null, loose patterns, and the libraries' settings for them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Argument, Call, Setting, Value
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.responses.apps import django_settings
from vallum.check.responses.headers import HeaderSetting, read_headers, select_headers
from vallum.check.responses.origins import judge_entry, judge_origin, judge_pattern, list_origins
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_ATTACK: Final = "A script on any page can read the answers of this site"
_FIX: Final = "List the exact https origins that may read the answers."
_STARLETTE: Final = "*CORSMiddleware"
_FLASK: Final = (
    "flask_cors.CORS",
    "flask_cors.extension.CORS",
    "flask_cors.cross_origin",
    "flask_cors.decorator.cross_origin",
)


def examine(project: Project) -> Iterator[Remark]:
    """Look at every CORS setting: Starlette's, Flask-CORS's, django-cors-headers', headers by hand, nginx."""
    remarks = [
        *(remark for call in _starlette_calls(project) for remark in _judge_starlette(call)),
        *(remark for call in _flask_calls(project) for remark in _judge_flask(call, project)),
        *_judge_django(project),
        *(
            remark
            for found in select_headers(project, "access-control-allow-origin")
            for remark in _judge_header(found, project)
        ),
    ]
    yield from remarks
    names = {setting.name for setting in read_headers(project)}
    if not remarks and "access-control-allow-origin" not in names and not _mentions(project):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "nothing here allows other origins, so browsers refuse them")


def _mentions(project: Project) -> bool:
    return project.uses("flask_cors", "corsheaders", "aiohttp_cors") or any(True for _ in _starlette_calls(project))


def _starlette_calls(project: Project) -> Iterator[Call]:
    for call in project.calls("*.add_middleware", "*.Middleware", _STARLETTE):
        named = call.argument(0, "middleware_class", "cls")
        is_cors = call.method == "CORSMiddleware" or (named is not None and named.name.endswith(".CORSMiddleware"))
        if is_cors and not is_test(call.place.path):
            yield call


def _judge_starlette(call: Call) -> Iterator[Remark]:
    if call.expands:
        return
    credentials = call.constant_of(None, "allow_credentials", default=False)
    listed = call.argument(None, "allow_origins")
    pattern = call.argument(None, "allow_origin_regex")
    if listed is not None:
        yield from _judge_list(listed, credentials is True, judge_origin)
    if pattern is not None and isinstance(pattern.constant, str):
        yield from _judge_one(pattern, judge_pattern(pattern.constant, anchored=True), credentials is True)


def _judge_list(listed: Value, credentials: bool, judge: Callable[[str], str]) -> Iterator[Remark]:
    """One finding for the first bad entry, on its own line."""
    if not listed.known:
        return
    for origin in list_origins(listed.constant):
        reason = judge(origin)
        if reason:
            yield from _judge_one(_element(listed, origin), reason, credentials)
            return
    origins = ", ".join(list_origins(listed.constant))
    yield RULE.site(listed.place, origins or "no other origin")


def _judge_one(value: Value, reason: str, credentials: bool) -> Iterator[Remark]:
    if not reason:
        yield RULE.site(value.place, "a bounded pattern")
        return
    certain = credentials or "lets every site" not in reason
    message = f"{_ATTACK}, with the session of whoever opens it." if credentials else f"{_ATTACK}."
    yield RULE.finding(
        value.place, message, reason, fix=_FIX, confidence=Confidence.HIGH if certain else Confidence.MEDIUM
    )


def _element(listed: Value, origin: str) -> Value:
    if isinstance(listed.node, nodes.Items):
        for element in listed.node.elements:
            if isinstance(element, nodes.Const) and element.value == origin:
                return Value(module=listed.module, node=element, constant=origin)
    return listed


def _flask_calls(project: Project) -> Iterator[Call]:
    for call in (*project.calls(*_FLASK), *project.calls("flask_cors*CORS().init_app")):
        if (call.arguments or call.method == "cross_origin") and not is_test(call.place.path) and not call.expands:
            yield call


def _judge_flask(call: Call, project: Project) -> Iterator[Remark]:
    credentials = call.constant_of(None, "supports_credentials", default=False) is True
    resources, origins = call.argument(None, "resources"), call.argument(None, "origins")
    if origins is not None:
        yield from _judge_list(origins, credentials, judge_entry)
    elif resources is not None and resources.known:
        yield from _judge_resources(resources, credentials)
    elif resources is None and not any(setting.key == "CORS_ORIGINS" for setting in project.settings):
        yield from _judge_one(call, "Flask-CORS's default lets every site in.", credentials)


def _judge_resources(resources: Argument, credentials: bool) -> Iterator[Remark]:
    table = resources.constant if isinstance(resources.constant, dict) else {"": {}}
    for options in table.values():
        found = list_origins(options.get("origins", "*") if isinstance(options, dict) else "*")
        reason = next(filter(None, map(judge_entry, found)), "")
        if reason:
            yield from _judge_one(resources, reason, credentials)
            return
    yield RULE.site(resources.place, "exact origins for each path")


def _judge_django(project: Project) -> Iterator[Remark]:
    settings = django_settings(project)
    credentials = any(setting.constant is True for setting in settings.get("CORS_ALLOW_CREDENTIALS", []))
    for setting in _named(settings, "CORS_ALLOW_ALL_ORIGINS", "CORS_ORIGIN_ALLOW_ALL"):
        if setting.constant is True:
            yield from _judge_one(setting, f"{setting.key} lets every site in.", credentials)
    for setting in _named(settings, "CORS_ALLOWED_ORIGINS", "CORS_ORIGIN_WHITELIST"):
        yield from _judge_list(setting, credentials, judge_origin)
    for setting in _named(settings, "CORS_ALLOWED_ORIGIN_REGEXES", "CORS_ORIGIN_REGEX_WHITELIST"):
        yield from _judge_list(setting, credentials, lambda pattern: judge_pattern(pattern, anchored=False))
    for setting in project.settings:
        if setting.key == "CORS_ORIGINS" and not is_test(setting.place.path):
            yield from _judge_list(setting, credentials, judge_entry)


def _named(settings: Mapping[str, list[Setting]], *names: str) -> Iterator[Setting]:

    for name in names:
        yield from settings.get(name, [])


def _judge_header(setting: HeaderSetting, project: Project) -> Iterator[Remark]:
    credentials = any(
        other.name == "access-control-allow-credentials" and other.place.path == setting.place.path
        for other in read_headers(project)
    )
    if not setting.known:
        return
    reason = judge_origin(setting.text.strip())
    if not reason:
        yield RULE.site(setting.place, setting.text)
        return
    certain = credentials or setting.text.strip() != "*"
    yield RULE.finding(
        setting.place, f"{_ATTACK}.", reason, fix=_FIX, confidence=Confidence.HIGH if certain else Confidence.MEDIUM
    )


RULE = Rule(
    slug="open-cors",
    control="cors-allowlist",
    languages=("python", "nginx"),
    unit=("CORS setting", "CORS settings"),
    sound="limited to listed origins",
    examine=examine,
)
