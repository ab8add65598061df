import pytest

SLUG = "session-address-forgeable"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (
            """def describe_session(request):
    return request.headers['X-Forwarded-For']
""",
            """def describe_session(request):
    return request.remote_addr
""",
        ),
        (
            """def record_session(request):
    return request.META.get('HTTP_X_REAL_IP')
""",
            """def record_session(request):
    return request.client.host
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
