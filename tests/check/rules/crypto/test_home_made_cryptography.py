import pytest

from vallum.findings.finding import Silence

SLUG = "home-made-cryptography"


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("def encrypt(a, k):\n    return bytes(x ^ y for x, y in zip(a, k))\n", [2]),
        ("def hide(text, key):\n    out = []\n    for i, c in enumerate(text):\n        out.append(c ^ key[i])\n", [4]),
        ("def unmask_frame(data, key):\n    return bytes(x ^ key[i % 4] for i, x in enumerate(data))\n", []),
        ("def parity(rows):\n    return [a ^ b for a, b in rows]\n", []),
        ("def flags(key):\n    return [a ^ 1 for a in key]\n", []),
        (
            "import hashlib\ndef f(p):\n    for _ in range(99):\n        p = hashlib.sha256(p).digest()\n",
            [4],
        ),
        (
            "import hashlib\ndef f(rows):\n    for r in rows:\n        d = hashlib.sha256(r).digest()\n    return d\n",
            [],
        ),
        ("def hash_pin(pin):\n    v = 0\n    for c in pin:\n        v = v * 33 + ord(c)\n    return v\n", [4]),
        ("def bucket(name):\n    v = 0\n    for c in name:\n        v = v * 33 + ord(c)\n    return v\n", []),
        (
            "import base64, hmac, json\ndef token(c, k):\n    b = base64.b64encode(json.dumps(c)); hmac.new(k, b)\n",
            [3],
        ),
        ("import hmac\ndef sign(body, k):\n    return hmac.new(k, body, 'sha256').hexdigest()\n", []),
    ],
)
def test_constructions(lines, code, found):
    assert lines(SLUG, code)[0] == found


def test_primitives_in_a_view(lines):
    raw = "from cryptography.hazmat.primitives.ciphers import Cipher\n"
    assert lines(SLUG, f"from flask import Flask\n{raw}") == [[2], []]
    assert lines(SLUG, raw) == [[], [1]]
    assert lines(SLUG, "from flask import Flask\nfrom cryptography.hazmat.primitives import hashes\n") == [[], []]


def test_dead_packages(lines):
    assert lines(SLUG, {"requirements.txt": "pycrypto==2.6.1\npycryptodome==3.21.0\n"}) == [["requirements.txt:1"], []]
    text = '{"dependencies": {\n"crypto-js": "4.2.0"}}\n'
    assert lines(SLUG, {"package.json": text}) == [["package.json:2"], []]


def test_vetted_calls_are_examined(lines):
    assert lines(SLUG, "from cryptography.fernet import Fernet\nbox = Fernet(key)\n") == [[], [2]]


def test_projects_without_cryptography(judge):
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
