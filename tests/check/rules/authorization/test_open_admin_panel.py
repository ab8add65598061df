import pytest

SLUG = "open-admin-panel"


def test_flask_admin(lines):
    text = """
        from flask_admin import Admin
        from flask_admin.contrib.sqla import ModelView
        from app.views import Guarded, GuardedIndex

        admin = Admin(app)
        admin.add_view(ModelView(User, session))
        safe = Admin(app, index_view=GuardedIndex())
        safe.add_view(Guarded(User, session))
    """
    assert lines(SLUG, text) == [[5, 6], [7]]


def test_routes(lines):
    text = """
        from fastapi import Depends, FastAPI
        from app.access import require_admin
        app = FastAPI()

        @app.get("/admin/users")
        def users(): ...

        @app.get("/admin/jobs", dependencies=[Depends(require_admin)])
        def jobs(): ...

        @app.get("/administrators-guide")
        def guide(): ...
    """
    assert lines(SLUG, text) == [[6], [9]]


def test_the_admin_of_django(lines):
    text = """
        from django.contrib import admin
        from django.urls import path
        urlpatterns = [path("admin/", admin.site.urls)]
    """
    assert lines(SLUG, text) == [[3], []]
    assert lines(SLUG, {"app.py": text, "otp.py": "import django_otp\n"}) == [[], [3]]


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ("User.objects.create_superuser('root', 'a@b.c', 'changeme')", True),
        ("User.objects.create(password=make_password('admin'), is_superuser=True)", True),
        ("User.objects.create(password=make_password(given), is_superuser=True)", False),
        ("User.objects.create(name='admin', is_superuser=True)", False),
    ],
)
def test_accounts(lines, call, found):
    assert bool(lines(SLUG, f"from app.models import User\n{call}\n")[0]) is found


def test_without_administration_it_does_not_apply(judge):
    assert judge(SLUG, "x = 1\n").silences
