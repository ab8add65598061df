import pytest

from vallum.findings.finding import Silence

SLUG = "secret-compared-by-equality"
HEAD = "import hashlib, hmac\ndef check(request, user, key, stored, token, expected):\n    return {}\n"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("request.headers['X-Signature'] != expected", "hmac.compare_digest(request.headers['X-Signature'], expected)"),
        ("request.api_key == settings.API_KEY", "request.api_key == ''"),
        ("key == settings.SYNC_API_KEY", "key == settings.SYNC_NAME"),
        ("user.reset_token == token", "token.type == expected"),
        ("session['csrf_token'] != request.form['csrf_token']", "session['csrf_token'] is None"),
        ("hmac.new(k, b, 'sha256').hexdigest() == stored", "hashlib.sha256(content).hexdigest() == stored"),
        ("hashlib.sha256(token.encode()).hexdigest() == stored", "token_count == stored"),
        ("user.otp == request.form.get('otp')", "token == 'abc'"),
        ("stored_digest == token_digest", "digest_size == stored"),
    ],
)
def test_comparisons(lines, bad, good):
    assert lines(SLUG, HEAD.format(bad)) == [[3], []]
    assert lines(SLUG, HEAD.format(good))[0] == []


def test_a_function_of_the_project_that_hashes(lines):
    code = "def {0}(text): ...\ndef check(password, stored):\n    return {0}(password) == stored\n"
    assert lines(SLUG, code.format("hash_password")) == [[3], []]
    assert lines(SLUG, code.format("parse_path").replace("password", "path")) == [[], []]


def test_columns_of_a_query_and_equality_of_objects(lines):
    assert lines(SLUG, HEAD.format("select(Reset).where(Reset.token == token)")) == [[], []]
    assert lines(SLUG, "secret = 1\ndef __eq__(self, other):\n    return self.token == other.token\n") == [[], []]


def test_parsers_have_tokens_of_their_own(lines):
    code = "def parse(stream, end_token, token):\n    return stream.token == token\n"
    assert lines(SLUG, code) == [[], []]


def test_sound_comparisons(judge):
    code = "from vallum.guard.crypto.compare import secret_equal\nok = secret_equal(a, b)\n"
    assert [site.note for site in judge(SLUG, code).sites] == ["secret_equal"]
    assert [site.note for site in judge(SLUG, HEAD.format("hmac.compare_digest(a, b)")).sites] == ["compare_digest"]


def test_tests_and_projects_without_secrets(judge, lines):
    assert lines(SLUG, {"tests/test_a.py": HEAD.format("request.token == token")}) == [[], []]
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
