import pytest

SLUG = "jwt-type-untested"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (
            """import jwt
def read(token):
    return jwt.decode(token, KEY, ['ES256'])
""",
            """import jwt
def read(token):
    claims = jwt.decode(token, KEY, ['ES256'])
    if claims['type'] != 'access':
        raise ValueError
    return claims
""",
        ),
    ],
)
def test_bad_is_found_and_its_sound_twin_is_not(judge, bad, good):
    assert judge(SLUG, bad).findings
    judged = judge(SLUG, good)
    assert not judged.findings
    assert judged.sites


def test_a_project_without_its_subject_is_silent(judge):
    judged = judge(SLUG, "def add(left, right):\n    return left + right\n")
    assert not judged.findings
    assert not judged.sites
    assert judged.silences
