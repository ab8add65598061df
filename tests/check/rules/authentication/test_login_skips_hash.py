import pytest

SLUG = "login-skips-hash"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (
            """def enter(name, password):
    user = find(name)
    if not user:
        return None
    return user if user.check_password(password) else None
""",
            """def enter(name, password):
    user = find(name)
    if not user:
        hasher.verify(DUMMY, password)
        return None
    return user if user.check_password(password) else None
""",
        ),
        (
            """def enter(name, password):
    user = find(name)
    if user and check_password_hash(user.hash, password):
        return user
""",
            """def enter(name, password):
    user = find(name)
    stored = user.hash if user else DUMMY
    right = check_password_hash(stored, password)
    return user if user and right else None
""",
        ),
        (
            """def enter(name, password):
    try:
        user = User.objects.get(name=name)
    except User.DoesNotExist:
        return None
    return user.check_password(password)
""",
            """def enter(name, password):
    try:
        user = User.objects.get(name=name)
    except User.DoesNotExist:
        make_password(password)
        return None
    return user.check_password(password)
""",
        ),
        (
            """import bcrypt
DUMMY = b'$2b$12$not.a.hash'
""",
            """from django.contrib.auth import authenticate
def enter(request, name, password):
    return authenticate(request, username=name, password=password)
""",
        ),
        (
            """def enter(name, password):
    user = find(name)
    if user is not None:
        if verify_password(password, user.hash):
            return user
    return None
""",
            """def enter(name, password):
    user = find(name)
    if user is not None:
        right = verify_password(password, user.hash)
    else:
        right = verify_password(password, DUMMY)
    return user if right else None
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
