"""The kind of a file, told by its name: what a rule's `languages` speaks of."""

import re
from pathlib import PurePosixPath
from typing import Final

_BY_SUFFIX: Final = {
    ".py": "python",
    ".pyw": "python",
    ".js": "javascript",
    ".cjs": "javascript",
    ".mjs": "javascript",
    ".jsx": "javascript",
    ".ts": "typescript",
    ".mts": "typescript",
    ".cts": "typescript",
    ".tsx": "typescript",
    ".vue": "vue",
    ".toml": "toml",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".json": "json",
    ".ini": "ini",
    ".cfg": "ini",
    ".conf": "nginx",
    ".nginx": "nginx",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".svg": "html",
    ".j2": "jinja",
    ".jinja": "jinja",
    ".jinja2": "jinja",
    ".mako": "mako",
    ".ejs": "ejs",
    ".hbs": "handlebars",
    ".handlebars": "handlebars",
    ".mustache": "handlebars",
    ".sh": "shell",
    ".bash": "shell",
    ".sql": "sql",
    ".css": "css",
    ".tf": "terraform",
    ".pem": "pem",
    ".key": "pem",
    ".ipynb": "notebook",
}
_BY_NAME: Final = (
    (re.compile(r"(.*[-_.])?(requirements|constraints)([-_.].*)?\.(txt|in)"), "requirements"),
    (re.compile(r"\.env(\..+|rc)?|.+\.env"), "dotenv"),
    (re.compile(r"(.+\.)?(dockerfile|containerfile)(\..+)?"), "dockerfile"),
    (re.compile(r"\.npmrc|\.pypirc|pip\.conf"), "ini"),
    (re.compile(r"nginx.*|.*\.nginx\.conf"), "nginx"),
    (re.compile(r"caddyfile"), "caddy"),
    (re.compile(r"pipfile"), "toml"),
    (re.compile(r"(uv|poetry|pdm)\.lock"), "toml"),
    (re.compile(r"pipfile\.lock"), "json"),
    (re.compile(r"yarn\.lock"), "yarn"),
    (re.compile(r"\.htaccess|(?:httpd|apache2?)(?:[-_.].*)?\.conf|.*\.apache\.conf"), "apache"),
    (re.compile(r"threat[-_]?model.*\.(?:md|rst|txt|adoc)"), "threat-model"),
    (re.compile(r"makefile|.*\.mk"), "makefile"),
    (re.compile(r"\.(?:git|docker|npm)ignore"), "gitignore"),
    (re.compile(r"jenkinsfile.*|.*\.jenkinsfile"), "groovy"),
)
_NAMED: Final = re.compile("|".join(f"(?:{pattern.pattern})" for pattern, _ in _BY_NAME))
"""Whether any of these names it: one question for most files instead of a dozen."""


def kind_of(path: str) -> str:
    """The kind of the file at a path with slashes, such as `python` or `dockerfile`; empty for files nobody reads."""
    pure = PurePosixPath("/".join(path.rsplit("/", 2)[-2:]))
    name = pure.name.lower()
    for pattern, kind in _BY_NAME if _NAMED.fullmatch(name) else ():
        if pattern.fullmatch(name):
            return kind
    if pure.parent.name in {".husky", ".githooks"} and not pure.suffix:
        return "shell"
    if pure.parent.name in {"requirements", "requires"} and pure.suffix in {".txt", ".in"}:
        return "requirements"
    return _BY_SUFFIX.get(pure.suffix.lower(), "")
