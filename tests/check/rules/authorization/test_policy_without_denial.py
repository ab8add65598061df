import pytest

SLUG = "policy-without-denial"


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("if user.banned:\n        return False\n    return True", 4),
        ("if user.id == note.owner:\n        return True", 1),
        ("try:\n        return look(user) == 1\n    except OSError:\n        return True", 5),
        ("if user.id == note.owner:\n        return True\n    return False", None),
        ("if user.banned:\n        return False\n    return user.id == note.owner", None),
        ("if user.banned:\n        return False\n    raise PermissionError", None),
        ("try:\n        return look(user) == 1\n    except OSError:\n        return False", None),
        ("if a:\n        return True\n    else:\n        return False", None),
    ],
)
def test_policies(lines, body, line):
    found = lines(SLUG, f"def can_read(user, note):\n    {body}\n")
    expected = [[line], []] if line else [[], [1]]
    assert found == expected


def test_other_functions_are_no_policies(judge):
    assert judge(SLUG, "def load(a):\n    if a:\n        return False\n    return True\n").silences
