"""Packages that nothing imports, that are retired or trivial, and tools in the list for production."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.dependencies.manifests import Manifest, read_manifest
from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test
from vallum.check.readings.pipelines import command_lines
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_ATTACK: Final = "Each package is code of strangers with all rights of the program, and one more way in."
_RETIRED: Final = {
    "nose": "pytest", "request": "fetch", "left-pad": "String.padStart", "pycrypto": "cryptography",
    "python-jose": "PyJWT", "pathlib": "the standard library", "typing": "the standard library",
    "asyncio": "the standard library", "enum34": "the standard library", "futures": "the standard library",
    "sklearn": "scikit-learn", "bs4": "beautifulsoup4", "mock": "unittest.mock", "is-odd": "%", "is-even": "%",
    "is-number": "Number.isFinite", "crypto-js": "node:crypto", "querystring": "URLSearchParams",
    "node-uuid": "crypto.randomUUID", "har-validator": "", "tslint": "eslint", "flask-script": "flask's own CLI",
    "raven": "sentry-sdk", "pkg-resources": "importlib.metadata", "dataclasses": "the standard library",
}  # fmt: skip
_TOOLS: Final = frozenset({
    "pytest", "pytest-cov", "pytest-asyncio", "pytest-django", "pytest-xdist", "nox", "tox", "ruff", "flake8", "pylint",
    "mypy", "pyright", "black", "isort", "coverage", "bandit", "hypothesis", "pre-commit", "ipdb", "ipython",
    "factory-boy", "faker", "eslint", "prettier", "jest", "mocha", "nodemon", "vitest", "typescript", "ts-node",
    "django-debug-toolbar", "sphinx", "twine", "pip-tools",
})  # fmt: skip
_MODULES: Final = {
    "pyyaml": "yaml", "beautifulsoup4": "bs4", "pillow": "PIL", "scikit-learn": "sklearn",
    "python-dateutil": "dateutil", "python-dotenv": "dotenv", "pyjwt": "jwt", "opencv-python": "cv2",
    "psycopg2-binary": "psycopg2", "mysqlclient": "MySQLdb", "pycryptodome": "Crypto",
    "python-multipart": "multipart", "protobuf": "google.protobuf", "attrs": "attr",
    "djangorestframework": "rest_framework", "django-cors-headers": "corsheaders", "python-magic": "magic",
    "pymongo": "pymongo", "argon2-cffi": "argon2", "email-validator": "email_validator",
    "setuptools": "pkg_resources", "pyopenssl": "OpenSSL", "pynacl": "nacl", "python-ldap": "ldap",
}  # fmt: skip
_UNIMPORTED: Final = re.compile(
    r"^(?:gunicorn|uvicorn|hypercorn|daphne|uwsgi|waitress|granian|psycopg.*|asyncpg|mysqlclient|pymysql|aiosqlite|cryptography|"
    r"argon2-cffi|bcrypt|python-multipart|email-validator|tzdata|certifi|setuptools|wheel|pip|uv|whitenoise|.*-stubs|"
    r"types-.*|redis|hiredis|django-.*|djangorestframework.*|pytest-.*|celery|flower|supervisor|itsdangerous|jinja2|"
    r"werkzeug|click|markupsafe|opentelemetry-.*|typing-extensions|uvloop|httptools|newrelic|ddtrace|honcho|lxml)$"
)
_ALL_NODE: Final = re.compile(r"\bnpm\s+(?:ci|install)\b[^|;&]*--(?:include=dev|production=false|also=dev)")
_LEAN: Final = re.compile(
    r"\bnpm\s+(?:ci|install)\b[^|;&]*--(?:omit=dev|production)"
    r"|\b(?:uv|poetry)\b[^|;&]*--(?:no-dev|only[ =]main|without[ =])"
)
_DEVELOPMENT: Final = re.compile(r"dev|test|lint|doc|ci\b|tool", re.IGNORECASE)
_ENOUGH: Final = 3
"""So many modules make it plausible that all of the code is at hand."""


def examine(project: Project) -> Iterator[Remark]:
    """Look at every direct dependency for production, and at what images install."""
    remarks: list[Remark] = []
    for source in project.configs("requirements", "toml", "json"):
        manifest = None if is_test(source.path) or is_document(source.path) else read_manifest(source)
        if manifest is not None and not (source.kind == "requirements" and _DEVELOPMENT.search(manifest.name)):
            remarks += [*_judge(manifest, project)]
    remarks += [*_judge_images(project)]
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no manifest names a dependency for production")


def _judge(manifest: Manifest, project: Project) -> Iterator[Remark]:
    tools = _development_lines(manifest)
    hashed = "--hash=" in manifest.source.text
    for dependency in manifest.dependencies:
        name = re.sub(r"[-_.]+", "-", dependency.name).lower()
        place = project.place_in(manifest.source, dependency.line)
        if dependency.line in tools:
            continue
        if name in _RETIRED:
            fix = f"Use {_RETIRED[name]}." if _RETIRED[name] else "Remove it."
            yield RULE.finding(place, _ATTACK, f"{dependency.name} is retired or trivial.", fix=fix)
        elif name in _TOOLS and not manifest.is_library:
            fix = "Move it to a group for development."
            yield RULE.finding(place, _ATTACK, f"{dependency.name} is a tool for development.", fix=fix)
        elif manifest.source.kind == "json" or len(project.modules) < _ENOUGH:
            continue
        elif _is_imported(name, project):
            yield RULE.site(place, f"{dependency.name} is used")
        elif not hashed and not _UNIMPORTED.match(name) and not _is_named(name, project):
            why = f"No module imports {dependency.name}."
            yield RULE.finding(place, _ATTACK, why, fix="Remove it, or say what it is for.", confidence=Confidence.LOW)


def _development_lines(manifest: Manifest) -> set[int]:
    """The lines of groups for development, by the heading or key above them."""
    found: set[int] = set()
    inside = False
    opened = manifest.source.kind == "requirements"
    for number, line in enumerate(manifest.source.lines if not opened else (), 1):
        heading = re.match(r"\s*\[+(?P<name>[^\]=]+)\]+\s*$", line) if manifest.source.kind == "toml" else None
        key = re.match(r'\s*"?(?P<name>[\w-]+)"?\s*[=:]\s*[\[{]', line)
        if heading:
            inside = (
                re.search(r"dependency-groups|optional-dependencies|group\.|dev-|build-system", heading["name"])
                is not None
            )
        elif key and manifest.source.kind == "json":
            inside = key["name"] != "dependencies"
        elif key and re.match(r"dependencies$", key["name"]):
            inside = False
        if inside:
            found.add(number)
    return found


def _is_imported(name: str, project: Project) -> bool:
    module = _MODULES.get(name, name.replace("-", "_"))
    loose = {module, name.removeprefix("python-").replace("-", "_"), name.removesuffix("-python").replace("-", "_")}
    lowered = {found.lower() for found in project.imports}
    return (
        any(
            found == word.lower() or found.startswith((f"{word.lower()}.", f"{word.lower().replace('_', '.')}."))
            for word in loose
            for found in lowered
        )
        or name.replace("-", ".") in lowered
    )


def _is_named(name: str, project: Project) -> bool:
    """Whether a setting, an entry point or a command names the package or its module."""
    word = re.compile(
        rf"\b{re.escape(_MODULES.get(name, name.replace('-', '_')))}\b|\b{re.escape(name)}\b", re.IGNORECASE
    )
    texts = (literal.constant for literal in project.literals if isinstance(literal.constant, str))
    return any(word.search(text) for text in texts if len(text) < 200) or any(
        word.search(source.text) for source in project.configs("dockerfile", "shell", "makefile", "yaml", "ini")
    )


def _judge_images(project: Project) -> Iterator[Remark]:
    for source, number, text in command_lines(project):
        if source.kind != "dockerfile":
            continue
        place = project.place_in(source, number)
        if _ALL_NODE.search(text):
            fix = "npm ci --omit=dev"
            yield RULE.finding(place, _ATTACK, "The image installs the tools for development.", fix=fix)
        elif _LEAN.search(text):
            yield RULE.site(place, "without tools")


RULE = Rule(
    slug="needless-dependency",
    control="minimal-dependencies",
    languages=("requirements", "toml", "json", "dockerfile"),
    unit=("dependency or image", "dependencies and images"),
    sound="used",
    examine=examine,
)
