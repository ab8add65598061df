import pytest

from vallum.findings.finding import Confidence, Silence

SLUG = "key-without-ring"


def test_one_key_for_the_module(lines):
    code = "import os\nfrom cryptography.fernet import Fernet\nbox = Fernet(os.environ['KEY'])\n"
    assert lines(SLUG, code) == [[3], []]


def test_a_list_of_keys(lines):
    code = """import os
from cryptography.fernet import Fernet, MultiFernet
box = MultiFernet([Fernet(key) for key in os.environ['KEYS'].split(',')])
"""
    assert lines(SLUG, code) == [[], [3]]


def test_one_fixed_key_in_a_function(judge):
    code = """from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from shop import settings
def seal(text):
    return AESGCM(settings.DATA_KEY).encrypt(text)
"""
    assert [found.confidence for found in judge(SLUG, code).findings] == [Confidence.MEDIUM]
    assert judge(SLUG, code.replace("settings.DATA_KEY", "data_key(text)")).findings == []


@pytest.mark.parametrize(
    ("extra", "found"), [("", [4]), (", headers={'kid': 'k1'}", []), (", headers=named", [])], ids=str
)
def test_tokens(lines, extra, found):
    code = "import jwt, os\nKEY_ONE = 1\ndef issue(claims):\n"
    code += f"    return jwt.encode(claims, os.environ['PRIVATE'], 'ES256'{extra})\n"
    assert lines(SLUG, code)[0] == found


def test_a_shared_secret_is_another_rule(lines):
    assert lines(SLUG, "import jwt, os\nx = jwt.encode(claims, os.environ['KEY'], algorithm='HS256')\n") == [[], []]


LOOP = """def rotate(old, new):
    for row in {source}:
        row.body = new.encrypt(old.decrypt(row.body))
        row.save()
"""


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("Note.objects.all()", True),
        ("session.query(Note)", True),
        ("Note.objects.exclude(key_id=CURRENT)[:500]", False),
        ("query.limit(100)", False),
    ],
)
def test_rotations(lines, source, found):
    assert lines(SLUG, LOOP.format(source=source)) == ([[2], []] if found else [[], [2]])


def test_loops_that_only_read(lines):
    assert lines(SLUG, "def show(box, rows):\n    for row in rows:\n        print(box.decrypt(row))\n") == [[], []]


def test_projects_without_keys(judge):
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
