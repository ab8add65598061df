"""Pages rendered by the names of their templates, which the code says and no request chooses (CWE-1336, ASVS 1.3.7).

PAGES = Pages(build_environment("templates"))
PAGES.render("note.html", note=note)
"""

from typing import Final, LiteralString

from jinja2 import Environment

from vallum.base.literal import check_literal
from vallum.guard.output.html import SafeHtml
from vallum.guard.output.templates import check_environment

KEEPS: Final = ("template-injection",)


class Pages:
    """Renders templates of one environment. There is no way to render a template from text."""

    __slots__ = ("_environment",)

    def __init__(self, environment: Environment) -> None:
        """Take an environment that escapes everything; raises `ConfigError` for another (`check_environment`)."""
        check_environment(environment)
        self._environment = environment

    def render(self, name: LiteralString, /, **values: object) -> SafeHtml:
        """Return the page `name`, a literal of the code, with its values escaped.

        Raises `ConfigError` for a name that was put together, and Jinja2's own errors for the template's faults.
        """
        check_literal(name, "the name of a template")
        return SafeHtml(self._environment.get_template(name).render(values))
