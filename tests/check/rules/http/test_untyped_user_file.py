import pytest

SLUG = "untyped-user-file"
FLASK = """
from flask import Blueprint, Response, make_response
bp = Blueprint("files", __name__)
@bp.get("/files/<id>")
def show(id):
    upload = Upload.query.get(id)
    return {}
"""
FASTAPI = """
import mimetypes
from fastapi import APIRouter, Response
router = APIRouter()
@router.get("/attachments/{{id}}")
async def download(id: int, name: str):
    stored = await load(id)
    kind = {kind}
    return Response({arguments})
"""


@pytest.mark.parametrize(
    "call",
    [
        "Response(upload.read())",
        "make_response(upload.read())",
        "Response(upload.read(), mimetype=upload.claimed_type)",
        'Response(upload.read(), mimetype="text/html")',
        'Response(upload.data, content_type="image/svg+xml")',
        'Response(upload.read(), 200, {}, "text/html")',
    ],
)
def test_flask_found(lines, call):
    assert lines(SLUG, FLASK.format(call)) == [[6], []]


@pytest.mark.parametrize(
    "call",
    [
        'Response(upload.read(), mimetype="application/octet-stream")',
        'Response(upload.read(), mimetype="image/png")',
        'Response(upload.read(), headers={"Content-Disposition": "attachment; filename=a"})',
    ],
)
def test_flask_sound(lines, call):
    assert lines(SLUG, FLASK.format(call)) == [[], [6]]


@pytest.mark.parametrize("call", ["Response(upload.read(), mimetype=TYPES[upload.kind])", "Response(render(upload))"])
def test_flask_left_alone(lines, call):
    assert lines(SLUG, FLASK.format(call)) == [[], []]


@pytest.mark.parametrize(
    ("kind", "arguments", "found"),
    [
        ("None", "stored.data", True),
        ("None", 'stored.data, media_type="text/html"', True),
        ("mimetypes.guess_type(name)[0]", "stored.data, media_type=kind", True),
        ("stored.content_type", "stored.data, media_type=kind", True),
        ("None", 'stored.data, media_type="application/pdf"', False),
        ("None", 'stored.data, headers={"Content-Disposition": "attachment"}', False),
        ("stored.content_type", 'stored.data, media_type=kind, headers={"Content-Disposition": "attachment"}', False),
    ],
)
def test_fastapi(lines, kind, arguments, found):
    expected = [[8], []] if found else [[], [8]]
    assert lines(SLUG, FASTAPI.format(kind=kind, arguments=arguments)) == expected


def test_other_bytes_are_not_a_users_file(lines):
    assert lines(SLUG, FLASK.replace("/files/<id>", "/report").format("Response(report.getvalue())")) == [[], []]


def test_code_of_tests_is_not_asked(lines):
    assert lines(SLUG, {"tests/app.py": FLASK.format("Response(upload.read())")}) == [[], []]
