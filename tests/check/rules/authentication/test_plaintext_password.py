import pytest

from vallum.findings.finding import Confidence, Silence

SLUG = "plaintext-password"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("user.password == password", "user.password_hash == digest(password)"),
        ("password != row['password']", "password != form['password_confirm']"),
        ("form.password.data == account.password", "form.password.data == form.password_repeat.data"),
        ("request.form['password'] == user['password']", "request.form['password'] == request.form['password2']"),
        ("users.get(name).password == password", "password == ''"),
        ("db_user.passwd == body.passwd", "new_password == old_password"),
        ("member.password == password", "user.password == user.passwd"),
        ("stored.password == form.get('password')", "password == password_again"),
    ],
)
def test_comparisons(lines, bad, good):
    assert lines(SLUG, f"def check(user, password):\n    return {bad}\n") == [[2], []]
    assert lines(SLUG, f"def check(user, password):\n    return {good}\n") == [[], []]


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("User.query.filter_by(name=n, password=password).first()", "User.query.filter_by(name=n).first()"),
        ("User.objects.get(name=n, password=form.password)", "User.objects.get(name=n, password=hashed_password)"),
        ("User.objects.create(name=n, password=password)", "User.objects.create(name=n, password=hash_it(password))"),
        ("session.query(User).filter_by(password=passwd)", "session.query(User).filter_by(password=password_hash)"),
        ("User.get_or_none(password=password)", "requests.get(url, password=password)"),
    ],
)
def test_queries_and_new_accounts(lines, bad, good):
    assert lines(SLUG, f"import requests\nx = {bad}\n") == [[2], []]
    assert lines(SLUG, f"import requests\nx = {good}\n") == [[], []]


def test_what_hashes_by_itself_is_sound(lines):
    assert lines(SLUG, "User.objects.create_user(name=n, password=password)\nuser.set_password(password)\n") == [
        [],
        [1, 2],
    ]


def test_assignments(judge, lines):
    code = "def save(user, form, password):\n    user.password = {}\n"
    assert [found.confidence for found in judge(SLUG, code.format("password")).findings] == [Confidence.MEDIUM]
    assert lines(SLUG, code.format("form.password")) == [[2], []]
    assert lines(SLUG, code.format("hash_it(password)")) == [[], []]
    assert lines(SLUG, code.format("password_hash")) == [[], []]
    assert lines(SLUG, "class Client:\n    def __init__(self, password):\n        self.password = password\n") == [
        [],
        [],
    ]


def test_a_property_may_hash_what_is_assigned(lines):
    code = """
        class User:
            @property
            def password(self):
                return None
            @password.setter
            def password(self, value):
                self.digest = hash_it(value)
        def save(user, password):
            user.password = password
    """
    assert lines(SLUG, code) == [[], []]


def test_tests_and_projects_without_passwords(judge, lines):
    assert lines(SLUG, {"tests/test_a.py": "ok = user.password == password\n"}) == [[], []]
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
    assert judge(SLUG, "password = input()\n").silences == []
