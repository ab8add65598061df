"""OpenAPI documents are read with references, alternatives and joined parts."""

from hypothesis import given
from hypothesis import strategies as st

from vallum.probe.collect.routes.openapi import read_openapi
from vallum.probe.operation import In

DOCUMENT = {
    "openapi": "3.1.0",
    "paths": {
        "/notes/{note_id}": {
            "parameters": [{"$ref": "#/components/parameters/Id"}],
            "get": {
                "parameters": [
                    {"name": "sort", "in": "query", "schema": {"enum": ["title", "date"]}},
                    {"name": "page", "in": "query", "schema": {"type": ["integer", "null"], "minimum": 3}},
                    {"name": "X-Own", "in": "header", "schema": {"type": "string"}},
                    {"in": "query"},
                ]
            },
            "put": {
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Note"}}},
                }
            },
            "summary": "no operation",
        },
        "/upload": {
            "post": {
                "requestBody": {
                    "content": {
                        "application/xml": {},
                        "multipart/form-data": {
                            "schema": {
                                "properties": {
                                    "file": {"type": "string", "format": "binary"},
                                    "other": {"type": "string", "contentMediaType": "application/octet-stream"},
                                    "text": {"anyOf": [{"type": "null"}, {"type": "string", "maxLength": 9}]},
                                }
                            }
                        },
                    }
                }
            }
        },
    },
    "components": {
        "parameters": {"Id": {"name": "note_id", "in": "path", "required": True, "schema": {"type": "integer"}}},
        "schemas": {
            "Base": {"type": "object", "properties": {"title": {"type": "string", "examples": ["A note"]}}},
            "Note": {
                "allOf": [{"$ref": "#/components/schemas/Base"}, {"required": ["title"]}],
            },
            "Loop": {"$ref": "#/components/schemas/Loop"},
        },
    },
}


def operations():
    return {str(operation): operation for operation in read_openapi(DOCUMENT)}


def test_parameters_with_their_types():
    found = {parameter.name: parameter for parameter in operations()["GET /notes/{note_id}"].parameters}
    assert set(found) == {"note_id", "sort", "page"}
    assert (found["note_id"].place, found["note_id"].kind, found["note_id"].required) == (In.PATH, "integer", True)
    assert found["sort"].choices == ("title", "date")
    assert (found["page"].kind, found["page"].least) == ("integer", 3.0)


def test_json_body_of_joined_parts():
    operation = operations()["PUT /notes/{note_id}"]
    assert operation.media == "json"
    title = operation.within(In.JSON)[0]
    assert (title.name, title.value, title.required) == ("title", "A note", True)


def test_files_and_alternatives_in_multipart():
    operation = operations()["POST /upload"]
    assert operation.media == "multipart"
    assert [p.name for p in operation.within(In.FILE)] == ["file", "other"]
    text = operation.within(In.FORM)[0]
    assert (text.name, text.longest) == ("text", 9)


def test_what_is_no_document():
    assert read_openapi(None) == ()
    assert read_openapi({"paths": []}) == ()
    loop = {"paths": {"/a": {"post": {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/x"}}}}}}}}
    assert read_openapi({**loop, "x": {"$ref": "#/x"}})[0].parameters == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


@given(JSON, st.dictionaries(st.sampled_from(["get", "post", "parameters"]), JSON, max_size=3))
def test_any_json_can_be_read(value, item):
    for document in (
        value,
        {"paths": value},
        {"paths": {"/a": item}},
        {"paths": {"/a": {"post": {"requestBody": value}}}},
    ):
        assert isinstance(read_openapi(document), tuple)
