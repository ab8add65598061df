"""`module:app` is found, or one clear line says what is there instead."""

import sys

import pytest

from vallum.base.errors import UsageError
from vallum.probe.collect.loader import find_style, load_app

SHOP = """
async def app(scope, receive, send): ...
def create_app(): return app
def needs(settings, other=1): return app
def fails(): raise RuntimeError("no database")
class inner: made = app
number = 3
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Writes modules that can be imported for the length of one test."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    names = []

    def write(name, text):
        (tmp_path / f"{name}.py").write_text(text)
        names.append(name)
        return tmp_path

    yield write
    for name in names:
        sys.modules.pop(name, None)


def test_app_and_factories(module):
    folder = module("shop_a", SHOP)
    app = load_app("shop_a:app", folder)
    assert load_app("shop_a:create_app", folder) is app
    assert load_app("shop_a:create_app()", folder) is app
    assert load_app("shop_a:inner.made", folder) is app
    assert find_style(app) == "asgi"


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("shop_b", '"shop_b" names no app. Try: module:app'),
        ("shop_b:", '"shop_b:" names no app. Try: module:app'),
        ("shop_b:wrong", 'shop_b has no "wrong". It has: app, create_app. Try: shop_b:app'),
        ("shop_b:creat_app", 'shop_b has no "creat_app". It has: app, create_app. Try: shop_b:create_app'),
        ("no_such_shop:app", 'there is no module "no_such_shop". Run in the folder that holds it.'),
        ("shop_b:fails", "shop_b:fails() fails: RuntimeError: no database"),
        ("shop_b:needs", "shop_b:needs is a factory that needs settings. Give a factory without arguments."),
    ],
)
def test_what_is_wrong_is_told_in_one_line(module, target, told):
    folder = module("shop_b", SHOP)
    with pytest.raises(UsageError) as caught:
        load_app(target, folder)
    assert str(caught.value) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("import no_such_library", 'shop_c imports "no_such_library", which is not installed.'),
        ("raise ValueError('two\\nlines')", "shop_c cannot be imported: ValueError in shop_c.py:1."),
        ("raise SystemExit('set SECRET_KEY')", "shop_c cannot be imported: SystemExit: set SECRET_KEY."),
        ("app = = 1", "shop_c cannot be imported: SyntaxError: invalid syntax"),
    ],
)
def test_app_that_raises_when_it_is_imported(module, text, told):
    folder = module("shop_c", text)
    with pytest.raises(UsageError) as caught:
        load_app("shop_c:app", folder)
    assert str(caught.value).startswith(told)


def test_module_without_an_app(module):
    folder = module("shop_d", "number = 3")
    with pytest.raises(UsageError, match='has no "app"'):
        load_app("shop_d:app", folder)


def test_interrupt_goes_through(module):
    folder = module("shop_e", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        load_app("shop_e:app", folder)
    folder = module("shop_f", "def app():\n    raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        load_app("shop_f:app", folder)


class Wsgi:
    def __call__(self, environ, start_response): ...


class Asgi:
    def __call__(self, scope, receive, send): ...


@pytest.mark.parametrize(("app", "style"), [(Wsgi(), "wsgi"), (Asgi(), "asgi"), (lambda e, s: [], "wsgi")])
def test_style(app, style):
    assert find_style(app) == style


@pytest.mark.parametrize("app", [3, lambda: None, "text"])
def test_what_is_no_app(app):
    with pytest.raises(UsageError):
        find_style(app)
