"""Ids are found where apps put them, and honest values fit their fields."""

import pytest

from vallum.probe.exchange import Answer, Exchange, Shot
from vallum.probe.operation import In, Operation, Parameter
from vallum.probe.values import Held, choose_id, find_ids, good_value, match_template


def operation(template, *names):
    return Operation(
        method="GET", template=template, parameters=tuple(Parameter(name=name, place=In.PATH) for name in names)
    )


NOTE = operation("/notes/{note_id}", "note_id")
FILE = operation("/notes/{note_id}/files/{file_id}", "note_id", "file_id")
PERSON = operation("/people/{username}", "username")


def exchange(body, media="text/html", target="/", route="", **changes):
    headers = (("content-type", media), *changes.pop("headers", ()))
    answer = Answer(status=changes.pop("status", 200), headers=headers, body=body.encode())
    return Exchange(shot=Shot(method="GET", target=target, route=route, identity="ann"), answer=answer)


def test_ids_in_links_forms_and_location():
    met = exchange(
        '<a href="/notes/7/files/9">x</a><form action="/notes/8"></form>', headers=(("location", "/notes/5"),)
    )
    found = {(held.prefix, held.key, held.value) for held in find_ids(met, (NOTE, FILE))}
    assert {("/notes", "note_id", "7"), ("/notes/{}/files", "file_id", "9"), ("/notes", "note_id", "8")} <= found
    assert ("/notes", "note_id", "5") in found


def test_ids_in_json():
    met = exchange(
        '{"items": [{"id": 3, "username": "ben", "url": "/notes/4", "on": true}]}', "application/json", "/notes"
    )
    found = {(held.prefix, held.key, held.value) for held in find_ids(met, (NOTE,), made=True)}
    assert ("/notes", "id", "3") in found
    assert ("/notes", "username", "ben") in found
    assert ("/notes", "note_id", "4") in found
    assert not any(held.key == "on" for held in find_ids(met, (NOTE,)))


def test_errors_give_no_ids():
    assert list(find_ids(exchange('<a href="/notes/7">x</a>', status=404), (NOTE,))) == []


def held(value, prefix="/notes", key="id", *, made=False):
    return Held(identity="ann", prefix=prefix, key=key, value=value, made=made)


def test_best_fitting_id_is_chosen():
    hole = NOTE.holes[0]
    assert choose_id(hole, NOTE, [held("1"), held("2", key="note_id")]).value == "2"
    assert choose_id(hole, NOTE, [held("1"), held("2", made=True)]).value == "2"
    assert choose_id(hole, NOTE, [held("1", prefix="/api/notes")]).value == "1"
    assert choose_id(hole, NOTE, [held("1", prefix="/users"), held("t", key="title")]) is None
    assert choose_id(hole, NOTE, []) is None


def test_name_of_the_hole_is_enough():
    assert choose_id(PERSON.holes[0], PERSON, [held("ben", prefix="/api", key="username")]).value == "ben"


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("/notes/7", {"note_id": "7"}),
        ("/notes/7/", {"note_id": "7"}),
        ("/notes/7?x=1#y", {"note_id": "7"}),
        ("/notes/7/8", None),
        ("/notes/", None),
    ],
)
def test_template_matches(path, values):
    assert match_template(path, "/notes/{note_id}") == values


def parameter(name="text", **changes):
    return Parameter(name=name, place=In.FORM, **changes)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (parameter(), "mark12"),
        (parameter(longest=3), "mar"),
        (parameter("email"), "mark12@example.com"),
        (parameter(form="email"), "mark12@example.com"),
        (parameter("new_password"), "Correct-horse-mark12-9"),
        (parameter("website_url"), "https://example.com/"),
        (parameter("due_date"), "2026-01-02"),
        (parameter(form="uuid"), "00000000-0000-4000-8000-000000000000"),
        (parameter(kind="integer", least=5.0), 5),
        (parameter(kind="number"), 1.0),
        (parameter(kind="integer", value="7"), "7"),
        (parameter(kind="boolean"), True),
        (parameter(kind="object"), {}),
        (parameter(kind="array"), []),
        (parameter(choices=("a", "b"), value="b"), "b"),
        (parameter(choices=("a", "b")), "a"),
        (parameter(choices=("", "b")), "b"),
        (parameter(form="hidden", value="kept"), "kept"),
        (parameter(value="offered"), "mark12"),
    ],
)
def test_honest_value(field, value):
    assert good_value(field, "mark12") == value
