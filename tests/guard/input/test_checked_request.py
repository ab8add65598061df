from typing import Annotated

import pytest

from vallum.base.errors import ConfigError
from vallum.guard.input.checked_request import RequestShape
from vallum.guard.input.fields import Day, Id, PlainLine, between
from vallum.guard.input.models import InputRefusedError
from vallum.guard.input.request_model import RequestModel


class Note(RequestModel):
    title: PlainLine
    pinned: bool = False


class Paging(RequestModel):
    page: Annotated[int, between(1, 1000)] = 1
    since: Day | None = None
    mine: bool = False


class Place(RequestModel):
    note: Id


class Headers(RequestModel):
    x_api_version: Annotated[int, between(1, 3)] = 1


Place.model_rebuild()
SHAPE = RequestShape(body=Note, query=Paging, path=Place, headers=Headers)


def test_all_four_parts_become_typed():
    data = SHAPE.read(
        body=b'{"title": "Hi", "pinned": true}',
        content_type="application/json; charset=utf-8",
        query=b"page=2&since=2026-01-31&mine=true",
        path={"note": 7},
        headers=[("X-API-Version", "2"), ("Accept", "*/*")],
    )
    assert (data.body.title, data.body.pinned) == ("Hi", True)
    assert (data.query.page, str(data.query.since), data.query.mine) == (2, "2026-01-31", True)
    assert (data.path.note, data.headers.x_api_version) == (7, 2)


def test_a_form_is_read_like_a_query():
    shape = RequestShape(body=Note)
    form = "application/x-www-form-urlencoded"
    assert shape.read(body=b"title=a%26b&pinned=false", content_type=form).body.title == "a&b"
    for body in (b"title=a&title=b", b"title=a&role=admin", b"title=%ff", b"title=\xff", b"&".join([b"a=b"] * 101)):
        with pytest.raises(InputRefusedError):
            shape.read(body=body, content_type=form)


@pytest.mark.parametrize(
    "query", ["page=0", "page=1001", "page=a", "page=1.0", "page= 1", "page=1&page=2", "pages=1", "since=31.1.2026"]
)
def test_a_query_that_does_not_fit_is_refused(query):
    with pytest.raises(InputRefusedError):
        RequestShape(query=Paging).read(query=query)


def test_what_was_not_declared_is_refused():
    with pytest.raises(InputRefusedError, match="no body"):
        RequestShape().read(body=b"{}")
    with pytest.raises(InputRefusedError, match="no values"):
        RequestShape().read(query="a=b")
    assert RequestShape().read(headers=[("X-Any", "1")]).headers is None


def test_other_types_and_sizes_have_their_own_status():
    shape = RequestShape(body=Note)
    with pytest.raises(InputRefusedError) as caught:
        shape.read(body=b"<note/>", content_type="application/xml")
    assert caught.value.status == 415
    for kind in ("application/json", "application/x-www-form-urlencoded"):
        with pytest.raises(InputRefusedError) as caught:
            shape.read(body=b"a" * 1_100_000, content_type=kind)
        assert caught.value.status == 413


def test_a_header_twice_is_refused():
    with pytest.raises(InputRefusedError, match="twice"):
        RequestShape(headers=Headers).read(headers=[("x-api-version", "1"), ("X-Api-Version", "2")])


def test_only_models_are_shapes():
    with pytest.raises(ConfigError, match="pydantic"):
        RequestShape(body=dict)
