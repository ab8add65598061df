import pytest

SLUG = "unscoped-api-key"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("ApiKey(scopes=['*'], expires_at=soon)", "ApiKey(scopes=['users:read'], expires_at=soon)"),
        ("ApiKey(scopes=['users:read'], expires_at=None)", "ApiKey(scopes=scopes, expires_at=soon)"),
        ("ApiKey.issue(scope='admin')", "ApiKey.issue(scope='users:read', days=90)"),
        ("IntegrationKey.create(scopes=('orders:*',))", "Cache.create(scopes=('*',))"),
        ("select(ApiKey).where(ApiKey.value == x_api_key)", "select(ApiKey).where(ApiKey.digest == digest(x_api_key))"),
    ],
)
def test_keys(lines, bad, good):
    head = "from app.models import ApiKey, Cache, IntegrationKey, select\n"
    head += "def make(soon, scopes, x_api_key):\n    return {}\n"
    assert lines(SLUG, head.format(bad)) == [[3], []]
    assert lines(SLUG, head.format(good))[0] == []


def test_scopes_are_evidence(lines):
    assert lines(SLUG, "from app.keys import require_scope\n@require_scope('a:read')\ndef a(): ...\n") == [[], [2]]


def test_without_keys_it_does_not_apply(judge):
    assert judge(SLUG, "x = 1\n").silences
