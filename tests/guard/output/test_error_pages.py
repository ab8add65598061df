"""The error page from a template: escaped whatever it shows, and refused where escaping could be off."""

import jinja2
import pytest

from vallum.base.errors import ConfigError
from vallum.guard.errors.refusal import INTERNAL, Refusal
from vallum.guard.output.error_pages import template_page
from vallum.guard.output.templates import build_environment

TEXT = "<h1>{{ status }} {{ title }}</h1><p>{{ text }}</p><code>{{ request_id }}</code>"


def test_a_template_shows_the_view_escaped() -> None:
    page = template_page(build_environment(jinja2.DictLoader({"error.html": TEXT})).get_template("error.html"))
    shown = str(page(Refusal(400, "odd", "<b>bold</b>").view("an-id")))
    assert shown == "<h1>400 Bad Request</h1><p>&lt;b&gt;bold&lt;/b&gt;</p><code>an-id</code>"


def test_an_answer_that_must_not_differ_shows_no_request_id() -> None:
    assert Refusal(401, "login", identified=False).view("an-id").request_id == ""
    assert INTERNAL.view("an-id").request_id == "an-id"


def test_a_template_that_could_be_unescaped_is_refused() -> None:
    template = jinja2.Environment(loader=jinja2.DictLoader({"e": TEXT})).get_template("e")
    with pytest.raises(ConfigError) as caught:
        template_page(template)
    assert caught.value.code == "autoescape-off"
