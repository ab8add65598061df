import pytest

SLUG = "mass-assignment"
FLASK = """from flask import request
from app.models import User
ALLOWED = {{"name"}}
def save(user, db):
    body = request.get_json()
    {line}
"""


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("User(**body)", "User(name=body['name'])"),
        ("User(**request.form)", "User(**Change.model_validate(body).model_dump())"),
        ("User.objects.create(**body)", "User.objects.create(name=body['name'])"),
        ("db.update('users', user.id, dict(request.form))", "db.update('users', user.id, {'name': body['name']})"),
        ("User.query.filter_by(id=1).update(body)", "SEEN.update(body)"),
        ("db.insert('users', **{'created': 1, **body})", "db.insert('users', **{'created': 1})"),
        (
            "[setattr(user, k, v) for k, v in body.items()]",
            "[setattr(user, k, v) for k, v in body.items() if k in ALLOWED]",
        ),
    ],
)
def test_writes(lines, bad, good):
    assert lines(SLUG, FLASK.format(line=bad))[0] == [6]
    assert lines(SLUG, FLASK.format(line=good))[0] == []


def test_helpers_between(lines):
    text = """
        from flask import request
        from app.models import User

        def store(values):
            return User(**values)

        def create():
            return store(request.json)
    """
    assert lines(SLUG, text) == [[5], []]


def test_handlers_that_take_a_dictionary(lines):
    text = """
        from fastapi import APIRouter, Body
        from app.models import Note
        router = APIRouter()

        @router.post("/a")
        def a(items: list = Body()):
            return [Note(**item) for item in items]

        def b(items: list):
            return [Note(**item) for item in items]
    """
    assert lines(SLUG, text) == [[7], []]


def test_schemas(lines):
    text = """
        from pydantic import BaseModel, ConfigDict

        class Strict(BaseModel):
            model_config = ConfigDict(extra="forbid")

        class NewUser(Strict):
            is_admin: bool

        class UserOut(Strict):
            is_admin: bool

        class NewNote(Strict):
            title: str

        class Patch(BaseModel):
            model_config = {"extra": "allow"}
    """
    assert lines(SLUG, text) == [[7, 16], [12]]


def test_django_forms(lines):
    text = """
        from django.forms import ModelForm
        from rest_framework.serializers import ModelSerializer

        class A(ModelForm):
            class Meta:
                fields = "__all__"

        class B(ModelSerializer):
            class Meta:
                exclude = ["id"]

        class C(ModelForm):
            class Meta:
                fields = ["name"]
    """
    assert lines(SLUG, text) == [[6, 10], [14]]


def test_without_writes_it_does_not_apply(judge):
    assert judge(SLUG, "x = 1\n").silences
