"""Operations are merged, and known by what they do."""

import pytest

from vallum.probe.operation import In, Operation, Parameter, merge_operations, normalise_template

PASSWORD = Parameter(name="password", place=In.FORM)


def post(template, *parameters, method="POST", **changes):
    return Operation(method=method, template=template, parameters=parameters, **changes)


@pytest.mark.parametrize(
    ("operation", "what"),
    [
        (post("/login", PASSWORD), "is_login"),
        (post("/api/token", PASSWORD), "is_login"),
        (post("/sign-in", PASSWORD), "is_login"),
        (post("/register", PASSWORD), "is_registration"),
        (post("/users", PASSWORD), "is_registration"),
        (post("/logout"), "is_logout"),
        (post("/auth/sign_out"), "is_logout"),
        (post("/notes/{id}/delete"), "is_perilous"),
        (post("/notes/{id}", method="DELETE"), "is_perilous"),
        (post("/createdb", method="GET"), "is_perilous"),
        (post("/forgot"), "is_perilous"),
        (post("/api/admin/users", method="GET"), "is_administrative"),
    ],
)
def test_what_an_operation_does(operation, what):
    assert getattr(operation, what)


@pytest.mark.parametrize(
    ("operation", "what"),
    [
        (post("/login"), "is_login"),
        (post("/login", PASSWORD, method="GET"), "is_login"),
        (post("/tokens", PASSWORD), "is_login"),
        (post("/login", PASSWORD), "is_registration"),
        (post("/blogout-page"), "is_perilous"),
        (post("/reset", method="GET"), "is_perilous"),
        (post("/administer-drug", method="GET"), "is_administrative"),
    ],
)
def test_what_it_does_not(operation, what):
    assert not getattr(operation, what)


def test_names_of_holes_do_not_matter():
    assert normalise_template("/notes/{note_id}/") == normalise_template("/notes/{id}") == "/notes/{}"
    assert normalise_template("/") == "/"


def test_merging_keeps_the_richer():
    routes = post("/notes", Parameter(name="title", place=In.FORM), media="form", source="routes")
    form = post(
        "/notes",
        Parameter(name="title", place=In.FORM, longest=80, choices=("a",), required=True, value="a"),
        Parameter(name="csrf_token", place=In.FORM, form="csrf"),
        media="form",
        page="/new",
        source="form",
    )
    (merged,) = merge_operations([routes, form])
    title = merged.parameters[0]
    assert (title.longest, title.choices, title.required, merged.page) == (80, ("a",), True, "/new")
    assert [p.name for p in merged.parameters] == ["title", "csrf_token"]


def test_described_body_moves_guessed_parameters():
    routes = post("/api", Parameter(name="a", place=In.FORM), media="form", source="routes")
    described = post("/api", Parameter(name="a", place=In.JSON, kind="integer"), media="json", source="openapi")
    (merged,) = merge_operations([routes, described])
    assert [(p.name, p.place, p.kind) for p in merged.parameters] == [("a", In.JSON, "integer")]


def test_file_is_no_text_field_too():
    routes = post("/up", Parameter(name="file", place=In.FORM), media="form", source="routes")
    form = post("/up", Parameter(name="file", place=In.FILE, kind="file"), media="multipart", source="form")
    (merged,) = merge_operations([routes, form])
    assert [p.place for p in merged.parameters] == [In.FILE]


def test_holes_of_another_spelling_are_not_doubled():
    routes = post("/n/{note_id}", Parameter(name="note_id", place=In.PATH, kind="integer"))
    other = post("/n/{id}", Parameter(name="id", place=In.PATH))
    (merged,) = merge_operations([routes, other])
    assert [p.name for p in merged.holes] == ["note_id"]


def test_order_is_fixed():
    found = [post("/b"), post("/a"), post("/a", method="GET")]
    assert [str(op) for op in merge_operations(found)] == ["GET /a", "POST /a", "POST /b"]
