import pytest

from vallum.audit.identities import make_identity, make_key
from vallum.audit.settings import IdentitySettings, KeySettings
from vallum.base.errors import ConfigError
from vallum.probe.identity import BearerToken, FormLogin, JsonLogin, SessionCookie

CANARY = "canary-7f3a91"


def settings(**changes):
    standard = {"name": "ann", "fields": {"username": "ann"}, "secrets": {"password": "ANN_PASSWORD"}}
    return IdentitySettings(**(standard | changes))


def test_secret_comes_from_the_environment_and_does_not_show():
    identity = make_identity(settings(), {"ANN_PASSWORD": CANARY}, in_process=True)
    assert isinstance(identity.login, FormLogin)
    assert identity.login.secrets["password"].reveal() == CANARY
    assert CANARY not in repr(identity)


def test_json_login_keeps_the_place_of_its_token():
    identity = make_identity(settings(kind="json", token="access_token"), {"ANN_PASSWORD": CANARY}, in_process=False)
    assert isinstance(identity.login, JsonLogin)
    assert identity.login.token == "access_token"


def test_token_and_cookie_take_their_one_secret():
    bearer = make_identity(settings(kind="bearer", secrets={"token": "T"}), {"T": CANARY}, in_process=False)
    assert isinstance(bearer.login, BearerToken)
    assert bearer.login.token.reveal() == CANARY
    cookie = make_identity(settings(kind="cookie", secrets={"session": "S"}), {"S": CANARY}, in_process=False)
    assert isinstance(cookie.login, SessionCookie)
    assert (cookie.login.name, cookie.login.value.reveal()) == ("session", CANARY)


@pytest.mark.parametrize("environment", [{}, {"ANN_PASSWORD": ""}])
def test_missing_variable_is_named(environment):
    with pytest.raises(ConfigError, match="ANN_PASSWORD, which is not set"):
        make_identity(settings(), environment, in_process=True)


def test_generated_secret_is_random_and_set_for_the_app():
    first, second = {}, {}
    identity = make_identity(settings(generate=True), first, in_process=True)
    make_identity(settings(generate=True), second, in_process=True)
    assert identity.login.secrets["password"].reveal() == first["ANN_PASSWORD"]
    assert first["ANN_PASSWORD"] != second["ANN_PASSWORD"]
    assert len(first["ANN_PASSWORD"]) == 43


def test_generated_secret_does_not_replace_one_that_is_set():
    environment = {"ANN_PASSWORD": CANARY}
    make_identity(settings(generate=True), environment, in_process=True)
    assert environment == {"ANN_PASSWORD": CANARY}


def test_secret_is_never_generated_for_an_app_elsewhere():
    with pytest.raises(ConfigError):
        make_identity(settings(generate=True), {}, in_process=False)


def test_key_opens_its_paths_and_no_other():
    given = KeySettings(path="/internal/*", header="X-Api-Key", secret="SYNC_KEY")
    key = make_key(given, {"SYNC_KEY": CANARY}, in_process=True)
    assert key.opens("/internal/notes?x=1")
    assert not key.opens("/notes")
    assert CANARY not in repr(key)
    with pytest.raises(ConfigError, match="SYNC_KEY"):
        make_key(given, {}, in_process=True)
