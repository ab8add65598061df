"""Jinja2 with escaping that cannot be switched off (CWE-79, CWE-1336, ASVS 1.2.1).

TEMPLATES = build_environment("templates")
TEMPLATES.get_template("note.html").render(note=note)

harden_environment(app.jinja_env)          # Flask; or Jinja2Templates(...).env of Starlette
check_environment(app.jinja_env)           # at start-up: refuses an environment that does not escape
"""

from collections.abc import Iterable
from os import PathLike
from typing import Any, Final, TypeVar

from jinja2 import BaseLoader, Environment, FileSystemLoader, StrictUndefined, TemplateSyntaxError
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.runtime import Undefined

from vallum.base.errors import ConfigError, VallumError
from vallum.guard.output.html import SafeHtml

KEEPS: Final = ("template-autoescape",)
AnyEnvironment = TypeVar("AnyEnvironment", bound=Environment)
_NAMES: Final = (None, "page.html", "page.htm", "page.xml", "page.svg", "page.txt", "page.j2", "page.jinja", "page")
_HINT: Final = "Build it with build_environment(), or pass it to harden_environment()."


class UntypedHtmlError(VallumError):
    """A template marks as safe HTML what is not `SafeHtml`."""

    code = "untyped-html"


def build_environment(
    templates: str | PathLike[str] | Iterable[str | PathLike[str]] | BaseLoader, **options: Any
) -> Environment:
    """Return an environment for the templates in one or several folders, or of a loader.

    Every name is escaped, an undefined variable is an error, and `|safe` takes only `SafeHtml`. `options` are
    Jinja2's own; those that would weaken this raise `ConfigError`.
    """
    for name in {"autoescape", "undefined"} & options.keys():
        raise ConfigError(
            f"{name} is fixed in a Vallum environment.", hint=f"Leave {name} out.", code="template-option"
        )
    loader = templates if isinstance(templates, BaseLoader) else FileSystemLoader(_list_folders(templates))
    return harden_environment(Environment(loader=loader, autoescape=True, **options))


def harden_environment(environment: AnyEnvironment) -> AnyEnvironment:
    """Change an existing environment, such as Flask's, to the same rules, and return it. Call it before rendering."""
    environment.autoescape = True
    environment.undefined = StrictUndefined
    environment.filters["safe"] = _require_typed
    environment.add_extension(KeepEscaping)
    if environment.cache is not None:
        environment.cache.clear()
    check_environment(environment)
    return environment


def check_environment(environment: Environment) -> None:
    """Raise `ConfigError` when any template of the environment could render without escaping. For start-up."""
    escapes = environment.autoescape
    unsafe = [name for name in _NAMES if not (escapes(name) if callable(escapes) else escapes)]
    if unsafe:
        shown = "a template from a string" if unsafe[0] is None else f"a template called {unsafe[0]}"
        raise ConfigError(f"this Jinja2 environment does not escape {shown}.", hint=_HINT, code="autoescape-off")
    if KeepEscaping.identifier not in environment.extensions:
        raise ConfigError(
            "this Jinja2 environment lets a template switch escaping off.", hint=_HINT, code="autoescape-off"
        )
    if environment.filters.get("safe") is not _require_typed:
        raise ConfigError("this Jinja2 environment has |safe for plain strings.", hint=_HINT, code="autoescape-off")
    if not issubclass(environment.undefined, StrictUndefined):
        raise ConfigError(
            "this Jinja2 environment prints nothing for a missing variable.", hint=_HINT, code="undefined"
        )


class KeepEscaping(Extension):
    """Refuses `{% autoescape %}` when a template is loaded: off is never right, and on is what it is already."""

    def filter_stream(self, stream: TokenStream) -> Iterable[Token]:
        """Pass the tokens on."""
        opened = False
        for token in stream:
            if opened and token.test("name:autoescape"):
                raise TemplateSyntaxError(
                    "escaping cannot be switched: remove the autoescape tag and pass HTML as SafeHtml.",
                    token.lineno,
                    stream.name,
                    stream.filename,
                )
            opened = token.type == "block_begin"
            yield token


def _require_typed(value: object) -> object:
    if isinstance(value, Undefined | SafeHtml):
        return value
    raise UntypedHtmlError(
        f"|safe got a {type(value).__name__}.",
        hint="Remove |safe, which macros and blocks do not need, or build the value with vallum.guard.output.html.",
    )


def _list_folders(templates: str | PathLike[str] | Iterable[str | PathLike[str]]) -> list[str | PathLike[str]]:
    return [templates] if isinstance(templates, str | PathLike) else list(templates)
