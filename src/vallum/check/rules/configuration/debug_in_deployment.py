"""Debug modes and reloaders that an image, a compose file or an environment file switches on."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow.defaults import is_true
from vallum.check.project import Project
from vallum.check.read.purpose import is_test, names_development
from vallum.check.read.source import Source
from vallum.check.rule import Rule
from vallum.findings.finding import Remark

_ATTACK: Final = "Whoever provokes an error sees the stack, the settings and often a console that runs code."
_FIX: Final = "Leave it out of what is deployed; a developer sets it on his own machine."
_SWITCH: Final = re.compile(
    r"""(?<![\w.])["']?(?P<name>(?:[A-Z]+_)?DEBUG|FLASK_ENV|WERKZEUG_DEBUG_PIN|SQLALCHEMY_ECHO)["']?\s*[:=]\s*["']?(?P<value>[\w.-]+)"""
)
_COMMAND: Final = re.compile(r"^\s*(?:-\s*)?(?:CMD|ENTRYPOINT|command|entrypoint)\b\s*:?(?P<rest>.*)$", re.IGNORECASE)
_FLAG: Final = re.compile(
    r"""(?:uvicorn|gunicorn|hypercorn|granian|fastapi|flask)\b.*?(?P<flag>--reload|--debug|\brun\b["',\s]+--debug)(?![\w-])"""
    r"""|(?P<dev>\bfastapi["',\s]+dev\b)|(?P<server>manage\.py["',\s]+runserver)"""
)
_OLD_FORM: Final = re.compile(r"^\s*ENV\s+(\w+)\s+([\w.-]+)\s*$")
_COMMENT: Final = re.compile(r"\s*(?:#|//)")


def examine(project: Project) -> Iterator[Remark]:
    """Look at every debug variable and start command of deployment files."""
    for source in project.configs("dockerfile", "dotenv", "yaml"):
        if _is_looked_at(source):
            for number, line in enumerate(source.lines, 1):
                if not _COMMENT.match(line):
                    yield from _judge_line(project, source, number, line)


def _is_looked_at(source: Source) -> bool:
    name = source.path.rpartition("/")[2].lower()
    sample = name.endswith((".example", ".sample", ".template", ".dist"))
    override = name.startswith(("docker-compose.override", "compose.override"))
    if source.kind == "yaml" and not _is_deployment(source):
        return False
    return not (sample or override or is_test(source.path) or names_development(source.path))


def _is_deployment(source: Source) -> bool:
    """Compose files and Kubernetes manifests; other YAML has switches of its own."""
    return re.search(r"^services:|^kind:", source.text, re.MULTILINE) is not None


def _judge_line(project: Project, source: Source, number: int, line: str) -> Iterator[Remark]:
    place = project.place_in(source, number)
    for match in _SWITCH.finditer(_OLD_FORM.sub(r"ENV \1=\2", line)):
        name, value = match["name"], match["value"]
        on = value == "development" if name == "FLASK_ENV" else is_true(value)
        if name == "WERKZEUG_DEBUG_PIN":
            on = value == "off"
        if on:
            yield RULE.finding(place, _ATTACK, f"{name} is {value}.", fix=_FIX)
        else:
            yield RULE.site(place, f"{name} is {value}")
    command = _COMMAND.match(line) if source.kind != "dotenv" else None
    flag = _FLAG.search(command["rest"]) if command else None
    if flag:
        what = flag["flag"] or flag["dev"] or flag["server"]
        yield RULE.finding(place, _ATTACK, f"The server is started with {_words(what)}.", fix=_FIX)
    elif command and re.search(r"\b(?:uvicorn|gunicorn|hypercorn|granian|flask)\b", command["rest"]):
        yield RULE.site(place, "started without debug flags")


def _words(text: str) -> str:
    return " ".join(re.findall(r"[\w.-]+", text))


RULE = Rule(
    slug="debug-in-deployment",
    control="debug-disabled",
    languages=("dockerfile", "dotenv", "yaml"),
    unit=("debug switch or start command", "debug switches and start commands"),
    sound="off",
    examine=examine,
)
