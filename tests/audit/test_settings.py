import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.audit.settings import KeySettings, Settings, find_settings, read_settings
from vallum.base.errors import ConfigError
from vallum.catalogue.control import Severity

WHOLE = """
paths = ["src"]
exclude = ["src/generated/**"]
app = "shop.main:app"
host = "shop.example"
severity = "medium"
baseline = "baseline.json"
standards = ["asvs"]
writes = false
requests = 500
seconds = 60
environment = { SHOP_DB = ":memory:" }
provider = { SHOP_ISSUER = "{issuer}" }

[[identities]]
name = "ann"
kind = "form"
path = "/sign-in"
fields = { email = "ann@shop.example" }
secrets = { password = "SHOP_ANN_PASSWORD" }
generate = true
proof = "/account"

[[keys]]
path = "/internal/*"
header = "X-Api-Key"
secret = "SHOP_SYNC_KEY"
"""


def test_every_key_is_read(tmp_path):
    path = tmp_path / "vallum.toml"
    path.write_text(WHOLE)
    settings = read_settings(path)
    assert settings.paths == ("src",)
    assert settings.severity is Severity.MEDIUM
    assert settings.provider == {"SHOP_ISSUER": "{issuer}"}
    assert settings.standards == ("asvs",)
    assert (settings.writes, settings.requests, settings.seconds) == (False, 500, 60)
    assert settings.folder == tmp_path
    (ann,) = settings.identities
    assert ann.secrets == {"password": "SHOP_ANN_PASSWORD"}
    assert (ann.generate, ann.proof, ann.role) == (True, "/account", "user")
    assert settings.keys == (KeySettings(path="/internal/*", header="X-Api-Key", secret="SHOP_SYNC_KEY"),)


def test_key_without_a_header_is_refused(tmp_path):
    path = tmp_path / "vallum.toml"
    path.write_text('[[keys]]\npath = "/internal"\nsecret = "SHOP_SYNC_KEY"\n')
    with pytest.raises(ConfigError, match="header"):
        read_settings(path)


def test_pyproject_holds_the_same_table(tmp_path):
    path = tmp_path / "pyproject.toml"
    path.write_text('[project]\nname = "shop"\n[tool.vallum]\napp = "shop:app"\n')
    assert read_settings(path).app == "shop:app"


def test_nearest_settings_win_and_the_repository_is_the_limit(tmp_path):
    (tmp_path / "vallum.toml").write_text('app = "outer:app"\n')
    inner = tmp_path / "repository" / "package"
    inner.mkdir(parents=True)
    assert find_settings(inner).app == "outer:app"
    (tmp_path / "repository" / ".git").mkdir()
    assert find_settings(inner) == Settings()
    (tmp_path / "repository" / "pyproject.toml").write_text('[tool.vallum]\napp = "inner:app"\n')
    assert find_settings(inner / "module.py").app == "inner:app"
    (tmp_path / "repository" / "vallum.toml").write_text('app = "own:app"\n')
    assert find_settings(inner).app == "own:app"


def test_pyproject_of_others_is_passed_over(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "pyproject.toml").write_text("[tool.other]\nkey = 1\n")
    assert find_settings(tmp_path).file is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("app = ", "is not TOML"),
        ("app = 3", "app must be a string"),
        ("ap = 'x'", "Did you mean 'app'"),
        ("zzzzzz = 1", "It may have: allow_hosts, app"),
        ("severity = 'dire'", "one of critical"),
        ("standards = ['pci']", "not 'pci'"),
        ("paths = 'src'", "list of strings"),
        ("paths = [1]", "list of strings"),
        ("writes = 1", "true or false"),
        ("requests = 0", "at least 1"),
        ("requests = true", "a whole number"),
        ("environment = { A = 1 }", "table of strings"),
        ("identities = [1]", "identities must be a table"),
        ("[[identities]]\nrole = 'user'", "a name for the identity"),
        ("[[identities]]\nname = 'a'\nkind = 'magic'", "not 'magic'"),
        ("[[identities]]\nname = 'a'\nkind = 'bearer'", "one name and its variable"),
        ("[[identities]]\nname = 'a'\nlogin = '/'", "unknown key 'identities.login'"),
        ("[[identities]]\nname = 'a'\nfields = { password = 'x' }", 'secrets = { password = "VARIABLE" }'),
    ],
)
def test_what_is_wrong_is_named_with_what_was_expected(tmp_path, text, complaint):
    path = tmp_path / "vallum.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as refusal:
        read_settings(path)
    assert complaint in str(refusal.value)
    assert str(path) in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_file_that_cannot_be_read_is_a_config_error(tmp_path):
    path = tmp_path / "vallum.toml"
    path.write_bytes(b"app = '\xff'")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_settings(path)


@given(st.text())
def test_no_text_gives_anything_but_settings_or_a_config_error(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("settings") / "vallum.toml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass", newline="")
    try:
        file = read_settings(path).file
    except ConfigError as error:
        file = path if str(path) in str(error) else None
    assert file == path
