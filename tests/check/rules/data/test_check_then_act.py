import pytest

from vallum.findings.finding import Silence

SLUG = "check-then-act"
BALANCE = """def pay(session, key, n):
    account = {}
    if account.balance < n:
        return False
    account.balance -= n
    {}
"""


@pytest.mark.parametrize(
    ("load", "save", "found"),
    [
        ("Account.objects.get(pk=key)", "account.save()", True),
        ("session.get(Account, key)", "session.commit()", True),
        ("session.get(Account, key, with_for_update=True)", "session.commit()", False),
        ("Account.objects.select_for_update().get(pk=key)", "account.save()", False),
    ],
)
def test_balances(lines, load, save, found):
    judged = lines(SLUG, BALANCE.format(load, save))
    assert judged[0] == ([6] if found else [])
    assert found or 6 in judged[1]


CACHE = """def redeem(code):
    used = cache.get("v" + code)
    if used:
        return {}
    cache.set("v" + code, {})
    return {}
"""


def test_caches(lines):
    assert lines(SLUG, CACHE.format("False", "True", "True"))[0] == [5]
    assert lines(SLUG, CACHE.format("used", "value", "value")) == [[], []]
    assert lines(SLUG, "def redeem(code):\n    return cache.add('v' + code, True)\n") == [[], []]


def test_names(lines):
    code = "def register(name):\n    if not User.objects.filter(name=name).exists():\n        {}\n"
    assert lines(SLUG, code.format("User.objects.create(name=name)"))[0] == [3]
    assert lines(SLUG, code.format("Log.objects.create(name=name)"))[0] == []
    assert lines(SLUG, "def register(name):\n    User.objects.get_or_create(name=name)\n") == [[], [2]]


@pytest.mark.parametrize(
    ("test", "act", "found"),
    [
        ("not path.exists()", "path.write_text('x')", True),
        ("not os.path.exists(path)", "open(path, 'w').write('x')", True),
        ("not path.exists()", "path.mkdir(exist_ok=True)", False),
        ("path.exists()", "open(path, 'r').read()", False),
        ("not path.exists()", "open(other, 'w').write('x')", False),
    ],
)
def test_files(lines, test, act, found):
    code = f"import os\ndef keep(path, other):\n    if {test}:\n        {act}\n"
    assert lines(SLUG, code)[0] == ([4] if found else [])


def test_exclusive_creation(lines):
    assert lines(SLUG, "def keep(path):\n    with path.open('x') as f:\n        f.write('a')\n") == [[], [2]]


def test_projects_without_checks(judge):
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
