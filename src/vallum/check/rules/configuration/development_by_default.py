"""Settings that begin as development, databases that fall back to a file, and production's own things in code."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.defaults import evaluate_default
from vallum.check.flow.facts import Call, Setting, Value
from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test, names_development
from vallum.check.read.source import Source
from vallum.check.readings.gates import is_gated
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark

_ATTACK: Final = (
    "One host on which the variable is missing runs with the debugger and the secrets that everybody knows."
)
_FIX: Final = 'Take an unset or unknown name for production: os.environ.get("APP_ENV", "production").'
_VARIABLE: Final = re.compile(r"(?:^|_)(?:ENV|ENVIRONMENT|STAGE|PROFILE|APP_MODE|RUN_MODE|DEPLOYMENT)$")
_KEY: Final = re.compile(r"(?:^|_)(?:env|environment|stage|app_env|run_mode)$", re.IGNORECASE)
_DEVELOPMENT: Final = frozenset(
    {"dev", "devel", "development", "develop", "local", "debug", "test", "testing", "sandbox"}
)
_SAFE: Final = frozenset({"prod", "production", "live"})
_DATABASE: Final = re.compile(r"(?:^|_)(?:DATABASE|DB|SQLALCHEMY)(?:_\w+)?$")
_FALLBACK: Final = re.compile(r"^sqlite|^file:|:memory:|\.sqlite3?$|\.db$")
_READERS: Final = (
    "os.environ.get", "os.getenv", "*.environ.get", "*.getenv", "decouple.config", "environ.get", "getenv", "env",
    "*.env", "*.Env().str", "*.Env()", "*.env.str",
)  # fmt: skip
_HOST_KEY: Final = re.compile(r"host|url|uri|server|endpoint|address|dsn|domain|broker", re.IGNORECASE)
_PRODUCTION: Final = re.compile(
    r"(?:^|[./@-])(?:prod|production|prd|live)\d*[.-][\w.-]*\w|[\w-]+[.-](?:prod|production|prd)(?:$|[.:/-])",
    re.IGNORECASE,
)
_HOST: Final = re.compile(r"^(?:[a-z+]+://)?[\w.@:%-]+\.\w+[\w./:?=&-]*$", re.IGNORECASE)
_PRODUCTION_SECRET: Final = re.compile(r"^(?:PROD|PRODUCTION|LIVE)_|_(?:PROD|PRODUCTION)(?:_|$)")
_SECRET: Final = re.compile(r"SECRET|KEY|TOKEN|PASSWORD|PASSWD|CREDENTIAL|DSN|DATABASE")
_OTHER: Final = re.compile(
    r"(?:^|[^a-z])(?:staging|stage|dev|development|local|test|qa|sandbox)(?:[^a-z]|$)", re.IGNORECASE
)
_IMAGE: Final = re.compile(r"^\s*ENV\s+(?P<name>\w+)(?:=|\s+)[\"']?(?P<value>[\w-]+)", re.IGNORECASE)
_BASES: Final = re.compile(r"Settings|Config")


def examine(project: Project) -> Iterator[Remark]:
    """Look at the name of the environment, database addresses, hosts and secrets, in code and in images."""
    seen: set[tuple[str, int]] = set()
    for call in project.calls(*_READERS):
        if not _is_aside(call.place.path):
            for remark in _judge_read(call):
                seen.add((call.place.path, call.place.line))
                yield remark
    for setting in project.settings:
        if _is_aside(setting.module.path) or (setting.module.path, setting.node.line) in seen:
            continue
        yield from _judge_name(setting, project)
        yield from _judge_subscript(setting)
        yield from _judge_host(setting)
    for source in project.configs("dockerfile"):
        yield from _judge_image(source, project)


def _is_aside(path: str) -> bool:
    if is_test(path) or is_document(path):
        return True
    name = path.rpartition("/")[2]
    return names_development(name) and "staging" not in name


def _judge_read(call: Call) -> Iterator[Remark]:
    name = call.constant_of(0, "key", "name", "var")
    if not isinstance(name, str):
        return
    default = call.constant_of(1, "default", default=None)
    yield from _judge_shared(call, name)
    if not isinstance(default, str):
        return
    elif _VARIABLE.search(name.upper()):
        yield from _judge_default(call, name, default)
    elif _DATABASE.search(name) and _FALLBACK.search(default) and not is_gated(call.module, call.node):
        why = f"Without {name} the service writes into a file that dies with its host."
        yield RULE.finding(
            call.place,
            "It starts, takes orders, and loses them, so well that nobody looks.",
            why,
            fix=f'os.environ["{name}"]',
        )


def _judge_subscript(setting: Setting) -> Iterator[Remark]:
    """`os.environ["NAME"]`."""
    node = setting.node
    key = node.index if isinstance(node, nodes.Subscript) else None
    if isinstance(key, nodes.Const) and isinstance(key.value, str) and "environ" in setting.name:
        yield from _judge_shared(setting, key.value)


def _judge_shared(value: Value, name: str) -> Iterator[Remark]:
    if _PRODUCTION_SECRET.search(name) and _SECRET.search(name) and _OTHER.search(value.place.path.rpartition("/")[2]):
        why = f"{name} belongs to production, and another environment reads it."
        fix = "Give each environment a secret of its own."
        message = "Who can read this environment signs and decrypts for production."
        yield RULE.finding(value.place, message, why, fix=fix)


def _judge_default(call: Call, name: str, default: str) -> Iterator[Remark]:
    if default.lower() in _DEVELOPMENT:
        yield RULE.finding(call.place, _ATTACK, f'Without {name} it is "{default}".', fix=_FIX)
    elif default.lower() in _SAFE:
        yield RULE.site(call.place, f"without {name} it is {default}")


def _judge_name(setting: Setting, project: Project) -> Iterator[Remark]:
    """A field of typed settings, or a name that is given `read or "development"`."""
    if setting.form not in {"name", "attribute", "item"} or not _KEY.search(setting.key):
        return
    if isinstance(setting.constant, str) and setting.constant.lower() in _DEVELOPMENT | _SAFE:
        if not _is_field(setting, project) or is_gated(setting.module, setting.node):
            return
        value, certain = setting.constant, Confidence.HIGH
    elif isinstance(setting.node, nodes.Logic | nodes.Choice):
        scope = project.facts.names.scope_of(setting.module, None)
        found = evaluate_default(setting.node, scope, project.facts.names)
        if not isinstance(found, str) or found.lower() not in _DEVELOPMENT | _SAFE:
            return
        value, certain = found, Confidence.HIGH
    else:
        return
    if value.lower() in _DEVELOPMENT:
        yield RULE.finding(
            setting.place, _ATTACK, f'{setting.key} is "{value}" unless told.', fix=_FIX, confidence=certain
        )
    else:
        yield RULE.site(setting.place, f"{setting.key} is {value} unless told")


def _is_field(setting: Setting, project: Project) -> bool:
    """Whether the name is a field of a class of settings, whose value is a default."""
    definition = project.facts.index.by_name.get(setting.target.rpartition(".")[0])
    if definition is None or not isinstance(definition.node, nodes.Class):
        return False
    if names_development(definition.node.name):
        return False
    return _BASES.search(" ".join((definition.node.name, *project.facts.bases(definition)))) is not None


def _judge_host(setting: Setting) -> Iterator[Remark]:
    value = setting.constant
    if not isinstance(value, str) or setting.form == "keyword" or not _HOST_KEY.search(setting.key):
        return
    if _HOST.match(value) and _PRODUCTION.search(value) and not value.startswith("http://www."):
        why = f"{setting.key} names a host of production."
        fix = "Read it from the environment."
        yield RULE.finding(
            setting.place,
            "A developer's run, or a test, reaches production by accident.",
            why,
            fix=fix,
            confidence=Confidence.MEDIUM,
        )


def _judge_image(source: Source, project: Project) -> Iterator[Remark]:
    if is_test(source.path) or names_development(source.path):
        return
    for number, line in enumerate(source.lines, 1):
        match = _IMAGE.match(line)
        if match is None or not _VARIABLE.search(match["name"].upper()):
            continue
        place = project.place_in(source, number)
        if match["value"].lower() in _DEVELOPMENT:
            why = f"The image runs as {match['value']}."
            yield RULE.finding(place, _ATTACK, why, fix=f"ENV {match['name']}=production")
        else:
            yield RULE.site(place, f"the image runs as {match['value']}")


RULE = Rule(
    slug="development-by-default",
    control="environment-config",
    languages=("python", "dockerfile"),
    unit=("setting of the environment", "settings of the environment"),
    sound="production unless told",
    examine=examine,
)
