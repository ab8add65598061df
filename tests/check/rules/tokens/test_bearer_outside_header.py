import pytest

SLUG = "bearer-outside-header"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (
            """from flask import request
def token_of():
    return request.args.get('access_token')
""",
            """from flask import request
def token_of():
    return request.headers.get('Authorization')
""",
        ),
        (
            """import httpx
def load(token):
    return httpx.get(f'https://a.example/?access_token={token}')
""",
            """import httpx
def load(token):
    return httpx.get('https://a.example/', headers={'Authorization': f'Bearer {token}'})
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


def test_a_place_is_judged_once(judge):
    code = """
        from flask import request
        def token_of():
            return request.args.get('access_token') or request.form.get('access_token')
    """
    (finding,) = judge(SLUG, code).findings
    assert "`args.get('access_token'" in finding.reason
