import pytest

SLUG = "role-name-compared"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("current_user.role == 'admin'", "current_user.can('posts:delete')"),
        ("user.role not in ('agent', 'lead')", "user.role in PERMISSIONS"),
        ("'admin' in user.roles", "'admin' in paths"),
        ("request.user.profile.role != Role.ADMIN", "message.role == 'user'"),
    ],
)
def test_comparisons(lines, bad, good):
    assert lines(SLUG, f"def view(current_user, user, request):\n    return {bad}\n") == [[2], []]
    assert lines(SLUG, f"def view(current_user, user, request):\n    return {good}\n")[0] == []


def test_permissions_are_evidence(lines):
    text = """
        from django.contrib.auth.decorators import permission_required

        @permission_required("desk.close")
        def close(request): ...
    """
    assert lines(SLUG, text) == [[], [3]]


def test_without_roles_it_does_not_apply(judge):
    assert judge(SLUG, "x = 1\n").silences
