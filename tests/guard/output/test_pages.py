import pytest
from jinja2 import DictLoader, Environment

from vallum.base.errors import ConfigError
from vallum.guard.output.pages import Pages
from vallum.guard.output.templates import build_environment

LOADER = DictLoader({"note.html": "<p>{{ note }}</p>"})


def test_a_page_is_rendered_by_its_name():
    pages = Pages(build_environment(LOADER))
    assert pages.render("note.html", note="{{7*7}}<b>") == "<p>{{7*7}}&lt;b&gt;</p>"


def test_a_name_that_was_put_together_is_refused():
    pages = Pages(build_environment(LOADER))
    chosen = LOADER.list_templates()[0].removesuffix(".html")
    with pytest.raises(ConfigError, match="literal"):
        pages.render(f"{chosen}.html", note="x")


def test_an_environment_that_does_not_escape_is_refused():
    with pytest.raises(ConfigError, match="escape"):
        Pages(Environment(loader=LOADER))
