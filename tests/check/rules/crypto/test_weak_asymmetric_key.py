import pytest

from vallum.findings.finding import Silence

SLUG = "weak-asymmetric-key"
HEAD = """import paramiko, rsa as plain
from Crypto.Cipher import PKCS1_OAEP, PKCS1_v1_5
from Crypto.PublicKey import ECC, RSA
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, padding, rsa, x25519
"""


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("rsa.generate_private_key(65537, 2048)", "rsa.generate_private_key(public_exponent=65537, key_size=3072)"),
        ("rsa.generate_private_key(65537, key_size=1024)", "rsa.generate_private_key(65537, 4096)"),
        ("dsa.generate_private_key(3072)", "ed25519.Ed25519PrivateKey.generate()"),
        ("ec.generate_private_key(ec.SECP192R1())", "ec.generate_private_key(ec.SECP256R1())"),
        ("ec.generate_private_key(curve=ec.SECP224R1())", "ec.generate_private_key(ec.SECP384R1())"),
        ("RSA.generate(2048)", "RSA.generate(3072)"),
        ("ECC.generate(curve='P-192')", "ECC.generate(curve='P-256')"),
        ("plain.newkeys(1024)", "plain.newkeys(4096)"),
        ("paramiko.RSAKey.generate(bits=2048)", "x25519.X25519PrivateKey.generate()"),
        ("PKCS1_v1_5.new(key)", "PKCS1_OAEP.new(key)"),
        ("key.encrypt(data, padding.PKCS1v15())", "padding.PSS(mgf, 32)"),
    ],
)
def test_keys(lines, bad, good):
    assert lines(SLUG, f"{HEAD}x = {bad}\n") == [[5], []]
    assert lines(SLUG, f"{HEAD}x = {good}\n") == [[], [5]]


def test_a_size_that_cannot_be_told_and_a_signature_for_a_peer(lines):
    assert lines(SLUG, f"{HEAD}x = rsa.generate_private_key(65537, size)\n") == [[], []]
    assert lines(SLUG, f"{HEAD}x = key.sign(data, padding.PKCS1v15(), digest)\n") == [[], []]


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("openssl genrsa -out a.pem 2048", True),
        ("openssl genrsa -out a.pem 4096", False),
        ("openssl req -x509 -newkey rsa:2048 -nodes", True),
        ("openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024", True),
        ("openssl dsaparam -out a 2048", True),
        ("ssh-keygen -t rsa -b 2048 -f key", True),
        ("ssh-keygen -t ed25519 -f key", False),
        ("openssl ecparam -name secp192k1 -genkey", True),
        ("# openssl genrsa 1024", None),
        ("echo 2048", None),
    ],
)
def test_commands(lines, command, found):
    expected = [["run.sh:1"], []] if found else [[], ["run.sh:1"] if found is False else []]
    assert lines(SLUG, {"run.sh": f"{command}\n"}) == expected


def test_projects_without_key_pairs(judge):
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
