"""What Django's templates write without escaping, found in the compiled templates before users do (CWE-79, ASVS 1.2.1).

    GuardPolicy(startup_checks=(TemplateCheck(accepted={"pages/help.html": "text of our own, kept in git"}),))

Each template of each Django engine is compiled and walked: `|safe`, `|safeseq`, `{% autoescape off %}`, and engines
with `autoescape` off. `{% filter safe %}` and HTML that code marks as safe (`mark_safe`) are for the check to find.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from django.template import TemplateSyntaxError, engines
from django.template.backends.django import DjangoTemplates
from django.template.base import FilterExpression, Node, Template
from django.template.defaulttags import AutoEscapeControlNode
from django.template.utils import get_app_template_dirs

from vallum.base.errors import ConfigError
from vallum.guard.configuration.problem import Problem

KEEPS: Final = ("template-autoescape",)

_RAW: Final = frozenset({"safe", "safeseq"})
_PAGES: Final = frozenset({".html", ".htm", ".xhtml", ".svg", ".xml", ".txt"})
_FIX: Final = (
    "Leave escaping on; clean HTML that must stay by vallum.guard.input.rich_text, or accept it with a reason."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateCheck:
    """Call it to list what is written raw. `accepted`: names of templates in which that is meant, each with the reason.

    Raises `ConfigError` for a reason that is empty.
    """

    accepted: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        """Refuse acceptance without a reason."""
        for name, reason in self.accepted.items():
            if not reason.strip():
                raise ConfigError(f"{name} is accepted without a reason.", hint="Say why.", code="template-accepted")

    def __call__(self) -> list[Problem]:
        """The problems, none when every value is escaped or accepted."""
        found = [backend for backend in engines.all() if isinstance(backend, DjangoTemplates)]
        return [problem for backend in found for problem in self._judge(backend)]

    def _judge(self, backend: DjangoTemplates) -> Iterator[Problem]:
        if not backend.engine.autoescape:
            what = f"the template engine {backend.name} has autoescape off: every value is written raw."
            yield Problem(code="autoescape-off", what=what, fix="Take autoescape out of its OPTIONS.")
        for name in _list_names(backend):
            if name in self.accepted:
                continue
            try:
                template = backend.engine.get_template(name)
            except TemplateSyntaxError as error:
                what = f"the template {name} cannot be read: {type(error).__name__}."
                yield Problem(code="template-unreadable", what=what, fix="Mend it: it fails for users, too.")
                continue
            for line, told in _find_raw(template):
                yield Problem(code="template-raw", what=f"{name}:{line} has {told}.", fix=_FIX)


def _list_names(backend: DjangoTemplates) -> list[str]:
    """Every template in the engine's folders, by the name that it is loaded under. Installed packages are left out."""
    folders = [*map(Path, backend.engine.dirs)]
    if backend.app_dirs:
        folders += [Path(folder) for folder in get_app_template_dirs(backend.app_dirname)]
    return sorted({
        path.relative_to(folder).as_posix()
        for folder in folders
        if "site-packages" not in folder.parts
        for path in folder.rglob("*")
        if path.suffix in _PAGES and path.is_file()
    })  # fmt: skip


def _find_raw(template: Template) -> Iterator[tuple[int, str]]:
    for node in template.nodelist.get_nodes_by_type(Node):
        line = getattr(getattr(node, "token", None), "lineno", 0)
        if isinstance(node, AutoEscapeControlNode) and not node.setting:
            yield line, "{% autoescape off %}"
        for expression in _expressions_of(node):
            for function, _ in expression.filters:
                name = getattr(function, "_filter_name", function.__name__)
                if name in _RAW:
                    yield line, f"|{name}"


def _expressions_of(node: Any) -> Iterator[FilterExpression]:
    """The expressions that a node holds, also in lists and mappings, as tags with arguments keep them."""
    for value in vars(node).values():
        values = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else (value,)
        yield from (found for found in values if isinstance(found, FilterExpression))
