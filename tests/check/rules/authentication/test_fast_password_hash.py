import pytest

from vallum.findings.finding import Confidence, Silence

SLUG = "fast-password-hash"


@pytest.mark.parametrize(
    "bad",
    [
        "hashlib.md5(password.encode()).hexdigest()",
        "hashlib.sha1(form['password'].encode())",
        "hashlib.sha256(salt + user.password.encode())",
        "hashlib.sha512((SALT + request.form.get('password')).encode())",
        "hashlib.new('md5', passwd)",
        "hashlib.blake2b(bytes(pwd, 'utf-8'))",
        "hmac.new(KEY, new_password.encode(), 'sha256')",
        "crypt.crypt(password)",
        "hashlib.sha256(f'{name}:{password}'.encode())",
    ],
)
def test_digests_of_passwords(lines, bad):
    code = f"import crypt, hashlib, hmac\nx = {bad}\n"
    assert lines(SLUG, code) == [[2], []]


@pytest.mark.parametrize(
    "good",
    [
        "hashlib.sha256(password_reset_token.encode())",
        "hashlib.sha256(token.encode()).digest()",
        "hashlib.md5(path.encode(), usedforsecurity=False)",
        "hashlib.sha256(password_hash.encode())",
        "hashlib.sha256(get_password_policy().encode())",
        "hmac.new(password_key, message, 'sha256')",
        "bcrypt.hashpw(base64.b64encode(hashlib.sha256(password.encode()).digest()), bcrypt.gensalt())",
    ],
)
def test_other_digests(lines, good):
    assert lines(SLUG, f"import base64, bcrypt, hashlib, hmac\nx = {good}\n") == [[], []]


def test_a_digest_that_is_fed_in_parts(lines):
    code = """
        import hashlib
        def store({0}):
            state = hashlib.sha256()
            state.update({0}.encode())
            return state.hexdigest()
    """
    assert lines(SLUG, code.format("password")) == [[4], []]
    assert lines(SLUG, code.format("content")) == [[], []]


def test_values_that_reach_a_digest_through_names_and_calls(lines):
    code = """
        import hashlib
        def quick(text):
            return hashlib.md5(text.encode()).hexdigest()
        def save(form):
            return quick({})
    """
    assert lines(SLUG, code.format("form.password")) == [[3], []]
    assert lines(SLUG, code.format("form.title")) == [[], []]
    local = "import hashlib\ndef f(form):\n    data = form['{}'].encode()\n    return hashlib.sha1(data)\n"
    assert lines(SLUG, local.format("passwd")) == [[4], []]
    assert lines(SLUG, local.format("body")) == [[], []]


def test_the_name_of_the_function_tells(lines):
    code = "import hashlib\ndef {}(plain):\n    return hashlib.sha256(plain.encode())\n"
    assert lines(SLUG, code.format("hash_password")) == [[3], []]
    assert lines(SLUG, code.format("hash_document")) == [[], []]


def test_a_digest_before_a_slow_hash(lines):
    code = """
        import bcrypt, hashlib
        def store(password):
            short = hashlib.sha256(password.encode()).digest()
            return {}
    """
    assert lines(SLUG, code.format("bcrypt.hashpw(short, bcrypt.gensalt())")) == [[], []]
    assert lines(SLUG, code.format("short.hex()")) == [[3], []]


def test_a_look_up_of_leaked_passwords(lines):
    code = """
        import hashlib
        def {}(password):
            digest = hashlib.sha1(password.encode()).hexdigest()
            return fetch(digest[:5])
    """
    assert lines(SLUG, code.format("is_pwned")) == [[], []]
    assert lines(SLUG, code.format("save")) == [[3], []]


@pytest.mark.parametrize(
    ("schemes", "found"),
    [
        ('["bcrypt"]', False),
        ('["argon2", "bcrypt"]', False),
        ('["sha1_crypt", "bcrypt"]', True),
        ('("plaintext",)', True),
        ('["md5_crypt"]', True),
        ('["ldap_salted_md5"]', True),
    ],
)
def test_contexts_of_passlib(lines, schemes, found):
    code = f"from passlib.context import CryptContext\ncontext = CryptContext(schemes={schemes}, deprecated='auto')\n"
    assert lines(SLUG, code) == ([[2], []] if found else [[], [2]])


def test_single_hashers_of_passlib(lines):
    assert lines(SLUG, "from passlib.hash import md5_crypt\nx = md5_crypt.hash(p)\n") == [[2], []]
    assert lines(SLUG, "from passlib.hash import argon2\nx = argon2.hash(p)\n") == [[], []]


@pytest.mark.parametrize(("method", "found"), [("plain", True), ("sha256", True), ("scrypt", False), ("md5", True)])
def test_methods_of_werkzeug(lines, method, found):
    code = f"from werkzeug.security import generate_password_hash as g\nx = g(password, method='{method}')\n"
    assert lines(SLUG, code) == ([[2], []] if found else [[], []])


def test_hashers_of_django(judge, lines):
    code = 'PASSWORD_HASHERS = [\n    "django.contrib.auth.hashers.{}PasswordHasher",\n    "a.b.{}PasswordHasher",\n]\n'
    assert lines(SLUG, code.format("MD5", "Argon2")) == [[2], []]
    assert lines(SLUG, code.format("Argon2", "BCryptSHA256")) == [[], [1]]
    assert lines(SLUG, code.format("BCrypt", "PBKDF2SHA1")) == [[], [1]]
    second = judge(SLUG, code.format("Argon2", "UnsaltedSHA1")).findings
    assert [(found.where.line, found.confidence) for found in second] == [(3, Confidence.MEDIUM)]
    assert lines(SLUG, {"tests/settings.py": code.format("MD5", "MD5")}) == [[], []]


def test_projects_without_passwords(judge):
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
    assert judge(SLUG, "password = input()\n").silences == []
