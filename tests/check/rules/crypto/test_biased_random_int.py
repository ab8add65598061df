import pytest

from vallum.findings.finding import Silence

SLUG = "biased-random-int"
HEAD = "import os, random, secrets, uuid\nLETTERS = 'abcdefghij'\ndef code(n):\n"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("int.from_bytes(os.urandom(4), 'big') % 10", "secrets.randbelow(10)"),
        ("secrets.randbits(16) % n", "secrets.choice(LETTERS)"),
        ("[LETTERS[byte % 10] for byte in secrets.token_bytes(8)]", "random.SystemRandom().randint(1, 10)"),
        ("random.SystemRandom().getrandbits(8) % 100", "random.SystemRandom().choice(LETTERS)"),
        ("uuid.uuid4().int % 1000000", "secrets.randbelow(n) + 1"),
        ("int(secrets.token_bytes(4).hex(), 16) % 1000", "secrets.randbelow(1000)"),
        ("int(random.random() * 1000000)", "secrets.randbelow(1000000)"),
    ],
)
def test_integers(lines, bad, good):
    assert lines(SLUG, f"{HEAD}    return {bad}\n")[0] == [4]
    assert lines(SLUG, f"{HEAD}    return {good}\n") == [[], [4]]


def test_through_a_name_and_a_loop(lines):
    assert lines(SLUG, f"{HEAD}    number = secrets.randbits(20)\n    return number % 9\n")[0] == [5]
    code = f"{HEAD}    out = []\n    for byte in os.urandom(6):\n        out.append(byte % 10)\n    return out\n"
    assert lines(SLUG, code)[0] == [6]


@pytest.mark.parametrize(
    "good", ["os.urandom(1)[0] % 32", "'%s' % os.urandom(4)", "count % 10", "len(os.urandom(n)) % 10"]
)
def test_look_alikes(lines, good):
    assert lines(SLUG, f"{HEAD}    return {good}\n")[0] == []


def test_a_loop_that_rejects(lines):
    code = f"{HEAD}    byte = 255\n    while byte >= 250:\n        byte = os.urandom(1)[0]\n    return byte % 10\n"
    assert lines(SLUG, code) == [[], [7]]


def test_projects_without_random_integers(judge):
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
