from collections.abc import Callable
from pathlib import Path
from typing import Any

import flask
import pytest
from jinja2 import DictLoader, Environment, StrictUndefined, TemplateSyntaxError, UndefinedError, select_autoescape
from markupsafe import Markup
from starlette.templating import Jinja2Templates

from vallum.base.errors import ConfigError
from vallum.guard.output.html import SafeHtml
from vallum.guard.output.templates import UntypedHtmlError, build_environment, check_environment, harden_environment

PAYLOAD = "<script>alert('1')</script>"
ESCAPED = "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;"


def environment(**templates: str) -> Environment:
    return build_environment(DictLoader(templates))


@pytest.mark.parametrize("name", ["a.html", "a.txt", "a.j2", "a", "a.svg"])
def test_every_name_is_escaped(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("{{ value }}")
    assert build_environment(tmp_path).get_template(name).render(value=PAYLOAD) == ESCAPED
    assert build_environment([str(tmp_path)]).from_string("{{ value }}").render(value=PAYLOAD) == ESCAPED


def test_safe_html_is_not_escaped_again() -> None:
    template = environment().from_string("{{ value }}{{ value|safe }}{{ value|e }}")
    assert template.render(value=SafeHtml("<b>")) == "<b><b><b>"


@pytest.mark.parametrize("source", ["{{ value|safe }}", "{{ '<b>'|safe }}", "{{ [value]|map('safe')|join }}"])
def test_safe_is_refused_for_plain_strings(source: str) -> None:
    with pytest.raises(UntypedHtmlError) as caught:
        environment().from_string(source).render(value=PAYLOAD)
    assert PAYLOAD not in str(caught.value)


class Page:
    def __html__(self) -> str:
        return PAYLOAD


@pytest.mark.parametrize("value", [Markup(PAYLOAD), Page()])
def test_safe_believes_no_other_type_that_says_it_is_html(value: object) -> None:
    with pytest.raises(UntypedHtmlError) as caught:
        environment().from_string("{{ value|safe }}").render(value=value)
    assert PAYLOAD not in str(caught.value)


@pytest.mark.parametrize(
    "source",
    [
        "{% macro show(text) %}<i>{{ text }}</i>{% endmacro %}{{ show(value) }}",
        "{% set shown %}<i>{{ value }}</i>{% endset %}{{ shown }}",
        "{% filter trim %}<i>{{ value }}</i>{% endfilter %}",
    ],
)
def test_what_a_template_has_escaped_already_needs_no_safe(source: str) -> None:
    assert environment().from_string(source).render(value=PAYLOAD) == f"<i>{ESCAPED}</i>"


def test_what_is_made_of_safe_html_stays_safe() -> None:
    line = SafeHtml("<b>{}</b>").format("<i>") + SafeHtml("<br>")
    assert environment().from_string("{{ (value + '<')|safe }}").render(value=line) == "<b>&lt;i&gt;</b><br>&lt;"


@pytest.mark.parametrize(
    "source",
    [
        "{% autoescape false %}{{ value }}{% endautoescape %}",
        "{%- autoescape  False -%}{{ value }}{% endautoescape %}",
        "{% autoescape true and false %}{{ value }}{% endautoescape %}",
        "{% autoescape off %}{{ value }}{% endautoescape %}",
        "{% if 1 %}{%+ autoescape 0 %}{{ value }}{% endautoescape %}{% endif %}",
    ],
)
def test_a_template_cannot_switch_escaping_off(source: str) -> None:
    with pytest.raises(TemplateSyntaxError, match="cannot be switched"):
        environment().from_string(source)
    with pytest.raises(TemplateSyntaxError):
        environment(page=source).get_template("page")


def test_a_line_statement_cannot_switch_escaping_off_either() -> None:
    lines = build_environment(DictLoader({}), line_statement_prefix="#")
    with pytest.raises(TemplateSyntaxError):
        lines.from_string("# autoescape false\n{{ value }}\n# endautoescape")


def test_a_variable_may_be_called_autoescape() -> None:
    assert (
        environment().from_string("{{ autoescape }}{% set autoescape = 2 %}{{ autoescape }}").render(autoescape=1)
        == "12"
    )


def test_a_missing_variable_is_an_error() -> None:
    for source in ("{{ missing }}", "{{ missing|safe }}", "{% if missing %}{% endif %}"):
        with pytest.raises(UndefinedError):
            environment().from_string(source).render()


@pytest.mark.parametrize("option", [{"autoescape": False}, {"autoescape": True}, {"undefined": StrictUndefined}])
def test_the_fixed_options_cannot_be_given(option: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        build_environment("templates", **option)
    assert caught.value.code == "template-option"


@pytest.mark.parametrize(
    "weak",
    [
        Environment(),
        Environment(autoescape=False),
        Environment(autoescape=select_autoescape()),
        Environment(autoescape=select_autoescape(default=True, default_for_string=False)),
        Environment(autoescape=lambda name: name != "page.svg"),
        Environment(autoescape=True),
        flask.Flask("weak").jinja_env,
        Jinja2Templates("templates").env,
    ],
)
def test_the_start_up_check_refuses_what_can_be_unsafe(weak: Environment) -> None:
    with pytest.raises(ConfigError):
        check_environment(weak)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda made: setattr(made, "autoescape", False), "autoescape-off"),
        (lambda made: made.extensions.clear(), "autoescape-off"),
        (lambda made: made.filters.update(safe=str), "autoescape-off"),
        (lambda made: setattr(made, "undefined", Environment().undefined), "undefined"),
    ],
)
def test_the_start_up_check_sees_each_weakening(change: Callable[[Environment], object], code: str) -> None:
    made = environment()
    check_environment(made)
    change(made)
    with pytest.raises(ConfigError) as caught:
        check_environment(made)
    assert caught.value.code == code


def test_flask_and_starlette_can_be_hardened(tmp_path: Path) -> None:
    (tmp_path / "page.txt").write_text("{{ value }}")
    app = flask.Flask("sound", template_folder=str(tmp_path))
    harden_environment(app.jinja_env)
    with app.app_context():
        assert flask.render_template("page.txt", value=PAYLOAD) == ESCAPED
    templates = Jinja2Templates(tmp_path)
    assert harden_environment(templates.env) is templates.env
    assert templates.get_template("page.txt").render(value=PAYLOAD) == ESCAPED


def test_hardening_forgets_templates_compiled_before() -> None:
    made = Environment(loader=DictLoader({"page": "{{ value }}"}))
    assert made.get_template("page").render(value=PAYLOAD) == PAYLOAD
    assert harden_environment(made).get_template("page").render(value=PAYLOAD) == ESCAPED
    uncached = Environment(loader=DictLoader({"page": "{{ value }}"}), cache_size=0)
    assert harden_environment(uncached).get_template("page").render(value=PAYLOAD) == ESCAPED
