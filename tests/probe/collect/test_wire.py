"""Bodies go out as browsers and API clients write them."""

import io
import json

from hypothesis import given
from hypothesis import strategies as st
from werkzeug.formparser import parse_form_data

from vallum.base.secret import Secret
from vallum.probe.collect.wire import Keep, encode_body
from vallum.probe.exchange import FormBody, JsonBody, MultipartBody, RawBody, Upload

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)


def parsed(content, media_type):
    environ = {
        "REQUEST_METHOD": "POST",
        "wsgi.input": io.BytesIO(content),
        "CONTENT_TYPE": media_type,
        "CONTENT_LENGTH": str(len(content)),
    }
    _, form, files = parse_form_data(environ)
    read = {name: (file.mimetype, file.read()) for name, file in files.items()}
    for file in files.values():
        file.close()
    return form, read


@given(st.dictionaries(TEXT, TEXT, max_size=4))
def test_form_round_trip(fields):
    form, _ = parsed(*encode_body(FormBody(tuple(fields.items()))))
    assert dict(form) == fields


@given(TEXT.filter(lambda text: "\r" not in text and "\n" not in text), st.binary(max_size=50))
def test_multipart_round_trip(value, content):
    upload = Upload("picture", 'a"b.png', "image/png", content)
    form, files = parsed(*encode_body(MultipartBody((("title", value), ("password", Secret("s"))), (upload,))))
    assert form["title"] == value
    assert form["password"] == "s"
    assert files["picture"] == ("image/png", content)


def test_json_reveals_secrets_on_the_wire_alone():
    body = JsonBody({"password": Secret("s"), "list": [Secret("t"), 1, None]})
    content, media_type = encode_body(body)
    assert json.loads(content) == {"password": "s", "list": ["t", 1, None]}
    assert media_type == "application/json"
    assert "'s'" not in repr(body)


def test_raw_and_none():
    assert encode_body(RawBody(b"\x00", "x/y")) == (b"\x00", "x/y")
    assert encode_body(None) == (b"", "")


@given(st.lists(st.binary(max_size=8)), st.integers(0, 20))
def test_keep_holds_the_beginning(pieces, most):
    keep = Keep(most)
    for piece in pieces:
        keep.add(piece)
    whole = b"".join(pieces)
    assert keep.body == whole[:most]
    assert keep.length == len(whole)
