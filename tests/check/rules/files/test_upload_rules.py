"""The four rules of uploads, each on handlers that are right but for one thing."""

import pytest

EXTENSION = "upload-without-extension-check"
TYPE = "upload-type-believed"
LIMIT = "upload-without-limit"
NAME = "upload-under-client-name"
HEAD = """import magic, os, secrets, uuid
from flask import request
from app.store import keep
from werkzeug.utils import secure_filename
ALLOWED = {{".png", ".jpg"}}
BLOCKED_EXTENSIONS = {{".php"}}
def upload():
    file = request.files["file"]
    {}
"""
STARLETTE = """import os, magic, aiofiles, shutil, secrets
from fastapi import UploadFile
async def upload(picture: UploadFile):
    {}
"""


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (
            "file.save('/srv/' + secrets.token_hex(16))",
            "check(os.path.splitext(file.filename)[1]); file.save('/srv/a')",
        ),
        (
            "ok = os.path.splitext(file.filename)[1] in BLOCKED_EXTENSIONS",
            "ok = os.path.splitext(file.filename)[1] in ALLOWED",
        ),
        ("ok = file.filename.endswith('.png')", "ok = file.filename.lower().endswith('.png')"),
        ("keep(file)", "keep(file) if allowed_file(file.filename) else None"),
    ],
)
def test_extensions(lines, bad, good):
    assert lines(EXTENSION, HEAD.format(bad)) == [[9], []]
    assert lines(EXTENSION, HEAD.format(good))[0] == []


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("ok = file.mimetype == 'image/png'", "ok = magic.from_buffer(file.read(2048), mime=True) == 'image/png'"),
        ("ok = file.content_type in {'image/png'}", "ok = request.content_type == 'application/json'"),
        ("ok = file.content_type.startswith('image/') == True", "ok = response.mimetype == 'text/html'"),
        ("Picture.create(kind=file.mimetype)", "Picture.create(kind=magic.from_buffer(file.read(9), mime=True))"),
    ],
)
def test_types(lines, bad, good):
    assert lines(TYPE, HEAD.format(bad)) == [[9], []]
    assert lines(TYPE, HEAD.format(good))[0] == []


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("content = await picture.read()", "content = await picture.read(LARGEST + 1)"),
        ("content = await picture.read(); check(len(content))", "check(picture.size); content = await picture.read()"),
    ],
)
def test_limits(lines, bad, good):
    assert lines(LIMIT, STARLETTE.format(bad)) == [[4], []]
    assert lines(LIMIT, STARLETTE.format(good))[0] == []


def test_saved_and_then_measured(lines):
    assert lines(LIMIT, HEAD.format("file.save('/a'); size = os.path.getsize('/a')"))[0] == [9]
    assert lines(LIMIT, HEAD.format("file.save('/a')"))[0] == []
    files = {"app.py": HEAD.format("file.read()"), "settings.py": "MAX_CONTENT_LENGTH = 5_000_000\n"}
    assert lines(LIMIT, files) == [[], [9, "settings.py:1"]]


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("file.save(os.path.join('/srv', file.filename))", "file.save(os.path.join('/srv', uuid.uuid4().hex))"),
        ("file.save('/srv/' + secure_filename(file.filename))", "file.save('/srv/' + secrets.token_hex(16) + '.png')"),
        ("name = file.filename; file.save(f'/srv/{name}')", "name = secrets.token_hex(16); file.save(f'/srv/{name}')"),
        ("file.save('static/uploads/' + secrets.token_hex(16))", "file.save('/srv/' + str(uuid.uuid4()))"),
    ],
)
def test_names(lines, bad, good):
    assert lines(NAME, HEAD.format(bad)) == [[9], []]
    assert lines(NAME, HEAD.format(good)) == [[], [9]]


def test_names_through_helpers(lines):
    text = """
        from pathlib import Path
        from fastapi import UploadFile

        def place(name):
            return Path("/srv") / name

        def write(name, content):
            with open(place(name), "wb") as target:
                target.write(content)

        async def one(file: UploadFile):
            place(file.filename).write_bytes(await file.read(10))

        async def two(file: UploadFile):
            write(file.filename, await file.read(10))
    """
    assert lines(NAME, text) == [[12, 15], []]


@pytest.mark.parametrize("slug", [EXTENSION, TYPE, LIMIT, NAME])
def test_without_uploads_they_do_not_apply(judge, slug):
    assert judge(slug, "x = 1\n").silences


@pytest.mark.parametrize("slug", [EXTENSION, TYPE, LIMIT, NAME])
def test_the_guards_store_is_evidence(judge, slug):
    text = """
        from vallum.guard.files.uploads import UploadPolicy, UploadStore
        POLICY = UploadPolicy(types=())

        def keep(file):
            return UploadStore("/srv", POLICY).receive(file.stream, name=file.filename)
    """
    judged = judge(slug, text)
    assert judged.sites
    assert not judged.findings
