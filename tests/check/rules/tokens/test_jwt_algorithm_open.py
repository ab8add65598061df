import pytest

from vallum.findings.finding import Confidence, Silence

SLUG = "jwt-algorithm-open"
HEAD = """import jwt
from authlib.jose import JsonWebToken, jwt as authlib_jwt
from jose import jwt as jose_jwt
from joserfc import jwt as joserfc_jwt
ALGORITHMS = ["RS256", "HS256"]
ALGORITHM = "RS256"
"""


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("jwt.decode(t, KEY)", 'jwt.decode(t, KEY, algorithms=["ES256"])'),
        ("jwt.decode(t, KEY, algorithms=None)", 'jwt.decode(t, KEY, ["RS256"])'),
        ("jwt.decode(t, KEY, algorithms=ALGORITHMS)", "jwt.decode(t, KEY, algorithms=[ALGORITHM])"),
        ('jwt.decode(t, KEY, algorithms=["HS256", "none"])', 'jwt.decode(t, KEY, algorithms=("HS256",))'),
        ('jwt.decode(t, KEY, algorithms=["NoNe"])', "jwt.decode(t, KEY, algorithms=[settings.JWT_ALGORITHM])"),
        (
            'jwt.decode(t, KEY, algorithms=["ES256"], options={"verify_signature": False, "require": REQUIRED})',
            'jwt.decode(t, KEY, algorithms=["ES256"], options={"verify_signature": True, "require": REQUIRED})',
        ),
        ("jwt.decode(t, KEY, verify=False)", 'jwt.decode_complete(t, KEY, algorithms=["PS256"])'),
        ('jwt.decode(t, PUBLIC_KEY, algorithms=["HS256"])', 'jwt.decode(t, PUBLIC_KEY, algorithms=["RS256"])'),
        ("jose_jwt.decode(t, KEY)", "jose_jwt.decode(t, KEY, algorithms='RS256')"),
        ("joserfc_jwt.decode(t, KEY)", "joserfc_jwt.decode(t, KEY, algorithms=['ES256'])"),
        ("authlib_jwt.decode(t, KEY)", "JsonWebToken(['ES256']).decode(t, KEY)"),
        ('jwt.decode(t, KEY, [jwt.get_unverified_header(t)["alg"]])', "jwt.decode(t, KEY, [ALGORITHM])"),
        ('jwt.decode(t, head["jwk"], algorithms=["RS256"])', 'jwt.decode(t, KEYS[head["kid"]], algorithms=["RS256"])'),
        ("jose_jwt.get_unverified_claims(t)", 'jose_jwt.decode(t, KEYS["a"], ["EdDSA"])'),
        ('jwt.PyJWKClient(head["jku"])', 'jwt.decode(t, CLIENT.get_signing_key_from_jwt(t).key, ["RS256"])'),
        ('jwt.PyJWK(head.get("jwk"))', 'jwt.decode(t, jwt.PyJWK(JWKS["keys"][0]).key, ["RS256"])'),
    ],
)
def test_readings(lines, bad, good):
    assert lines(SLUG, f"{HEAD}x = {bad}\n") == [[7], []]
    assert lines(SLUG, f"{HEAD}x = {good}\n") == [[], [7]]


@pytest.mark.parametrize(
    "code",
    [
        "jwt.decode(t, KEY, **options())",
        "jwt.decode(t, KEY, algorithms=load())",
        "jwt.decode(t, KEY, algorithms=[algorithm])",
        "jwt.get_unverified_header(t)['kid']",
    ],
)
def test_what_cannot_be_told(lines, code):
    assert lines(SLUG, f"{HEAD}x = {code}\n") == [[], []]


def test_an_algorithm_from_the_header_through_a_function(lines):
    code = """
        import jwt
        def algorithm_of(token):
            header = parse(token)
            return {}
        def read(token):
            allowed = [algorithm_of(token)]
            return jwt.decode(token, KEY, algorithms=allowed)
    """
    assert lines(SLUG, code.format('header["alg"]')) == [[7], []]
    assert lines(SLUG, code.format('"ES256"')) == [[], []]


def test_an_algorithm_that_a_caller_reads_from_the_header(lines):
    code = """
        import jwt
        def read(token, algorithm):
            return jwt.decode(token, KEY, algorithms=[algorithm])
        def serve(token, head):
            return read(token, {})
    """
    assert lines(SLUG, code.format("head.get('alg')")) == [[3], []]
    assert lines(SLUG, code.format("'ES256'")) == [[], []]


def test_options_in_a_constant(lines):
    code = "import jwt\nOPTIONS = {'verify_signature': %s, 'require': REQUIRED}\njwt.decode(t, K, ['ES256'], OPTIONS)\n"
    assert lines(SLUG, code % "False") == [[3], []]
    assert lines(SLUG, code % "True") == [[], [3]]


def test_several_of_one_family_are_a_small_matter(judge):
    judged = judge(SLUG, 'import jwt\njwt.decode(t, KEY, algorithms=["RS256", "RS512"])\n')
    assert [found.confidence for found in judged.findings] == [Confidence.LOW]


def test_two_families_are_a_great_one(judge):
    judged = judge(SLUG, 'import jwt\njwt.decode(t, KEY, algorithms=["HS256", "RS256"])\n')
    assert [found.confidence for found in judged.findings] == [Confidence.HIGH]
    assert "together" in judged.findings[0].reason


def test_tests_and_projects_without_tokens(judge, lines):
    assert lines(SLUG, {"tests/test_a.py": "import jwt\njwt.decode(t, KEY)\n"}) == [[], []]
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
