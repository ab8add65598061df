"""Django's templates as Django compiles them: what is written raw is named, what is escaped is not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
import pytest
from django.conf import settings
from django.test import override_settings

from vallum.base.errors import ConfigError
from vallum.guard.frameworks.django_templates import TemplateCheck

BACKEND = "django.template.backends.django.DjangoTemplates"


@pytest.fixture
def check(tmp_path: Path) -> Callable[..., list[str]]:
    """Write templates, and tell the problems as texts."""
    if not settings.configured:
        settings.configure()
        django.setup()

    def run(files: dict[str, str], accepted: dict[str, str] | None = None, **options: Any) -> list[str]:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        engine = {"BACKEND": BACKEND, "NAME": "pages", "DIRS": [str(tmp_path)], "OPTIONS": options}
        with override_settings(TEMPLATES=[engine]):
            return [f"{problem.code} {problem.what}" for problem in TemplateCheck(accepted=accepted or {})()]

    return run


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<p>{{ name|safe }}</p>", "template-raw a.html:1 has |safe."),
        ("\n<p>{{ names|safeseq|join:', ' }}</p>", "template-raw a.html:2 has |safeseq."),
        ("{% autoescape off %}{{ name }}{% endautoescape %}", "template-raw a.html:1 has {% autoescape off %}."),
        (
            "{% if a %}{% for b in c %}\n{{ b.d|default:'x'|safe }}{% endfor %}{% endif %}",
            "template-raw a.html:2 has |safe.",
        ),
        ("{% with x=name|safe %}{{ x }}{% endwith %}", "template-raw a.html:1 has |safe."),
        ("{% block body %}{{ name|safe }}{% endblock %}", "template-raw a.html:1 has |safe."),
        ("{% firstof a|safe b %}", "template-raw a.html:1 has |safe."),
        ("{% unknown %}", "template-unreadable the template a.html cannot be read: TemplateSyntaxError."),
    ],
)
def test_what_is_written_raw_is_named(check: Callable[..., list[str]], text: str, told: str) -> None:
    assert check({"a.html": text}) == [told]


@pytest.mark.parametrize(
    "text",
    [
        "<p>{{ name }}</p>",
        "{{ name|escape|upper }}",
        "{% autoescape on %}{{ name }}{% endautoescape %}",
        "{{ data|json_script:'d' }}",
        "{# {{ name|safe }} #}{% comment %}{{ name|safe }}{% endcomment %}",
        "{% verbatim %}{{ name|safe }}{% endverbatim %}",
        "a page about |safe and safeseq",
    ],
)
def test_what_is_escaped_is_not(check: Callable[..., list[str]], text: str) -> None:
    assert check({"a.html": text}) == []


def test_folders_are_walked_and_what_is_accepted_is_left_out(check: Callable[..., list[str]]) -> None:
    files = {"deep/er/a.html": "{{ a|safe }}", "b.html": "{{ b|safe }}", "c.css": "{{ c|safe }}"}
    assert [problem.split()[1] for problem in check(files)] == ["b.html:1", "deep/er/a.html:1"]
    assert check(files, {"deep/er/a.html": "text of our own", "b.html": "text of our own"}) == []


def test_an_engine_without_escaping_is_named(check: Callable[..., list[str]]) -> None:
    assert [problem.split()[0] for problem in check({"a.html": "{{ a }}"}, autoescape=False)] == ["autoescape-off"]


def test_acceptance_needs_a_reason() -> None:
    with pytest.raises(ConfigError, match="without a reason"):
        TemplateCheck(accepted={"a.html": " "})
