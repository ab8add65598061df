"""What the adapters refuse when they are put in place, and accounts that have to be waited for."""

import types
from pathlib import Path
from typing import Any

import flask
import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings

from tests.bridge import as_asgi
from tests.guard.identity.adapters.sites import open_site
from vallum.base.errors import ConfigError
from vallum.guard import Environment, Guard, GuardPolicy, Identity, public

POLICY = GuardPolicy(environment=Environment.TEST)


def test_a_flask_app_that_has_served_is_refused(browse: Any) -> None:
    app = flask.Flask("served")

    @app.get("/")
    @public
    def home() -> str:
        return "x"

    assert browse(as_asgi(app))("GET", "/").text == "x"
    with pytest.raises(ConfigError) as refused:
        Guard(app, policy=POLICY, identity=Identity())
    assert refused.value.code == "late"


def test_a_urlconf_that_cannot_be_added_to_is_refused() -> None:
    urls = types.ModuleType("urls")
    urls.urlpatterns = ()  # type: ignore[attr-defined]  # a URLconf
    with open_site("django-wsgi-wrapped")(POLICY, Identity()), override_settings(ROOT_URLCONF=urls):
        with pytest.raises(ConfigError) as refused:
            Guard(WSGIHandler(), policy=POLICY, identity=Identity())
        assert refused.value.code == "urlconf"


@pytest.mark.parametrize("kind", ["fastapi", "litestar"])
def test_an_account_is_asked_for_each_time_where_that_is_wanted(kind: str, browse: Any, tmp_path: Path) -> None:
    identity = Identity(database=f"sqlite:///{tmp_path}/app.sqlite", standing_seconds=0)
    with open_site(kind)(POLICY, identity) as (app, kit):
        ada = kit.add_account("ada@example.org")
        browser = browse(app)
        browser.cookies = kit.log_in_as(ada)
        assert browser("GET", "/me").text == browser("GET", "/maybe").text == "ada@example.org"
        accounts = kit.parts.desk.accounts
        assert accounts.change(ada.id, ada.version, email="new@example.org")
        assert browser("GET", "/me").text == "new@example.org"
        kit.parts.sessions.close()


def test_an_app_that_no_adapter_knows_keeps_the_parts() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        """Nothing to say."""

    guard = Guard(app, policy=POLICY, identity=Identity())
    assert guard.identity is not None
    assert guard.identity.desk.accounts.find("x") is None
