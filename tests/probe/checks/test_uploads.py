"""The claims on uploads, on forms of Flask and on a JSON API of FastAPI, sound and broken."""

import io
import secrets

import pytest
from fastapi import FastAPI, HTTPException, UploadFile
from fastapi.responses import Response as FastResponse
from flask import Flask, Response, redirect, request
from PIL import Image

CONTROLS = ("upload-extension-allowlist", "upload-content-sniffed", "upload-size-limit", "upload-server-names")
MOST = 5 * 1024 * 1024
SAFE = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}


def refuse(name, content, flaws):
    """The status with which a file is refused, or 0; the picture as it is stored."""
    stem, dot, extension = name.lower().partition(".")
    if len(content) > MOST and "upload-size-limit" not in flaws:
        return 413, b""
    if "upload-extension-allowlist" not in flaws and not (
        dot and extension == "png" and stem.replace("-", "").isalnum()
    ):
        return 400, b""
    if "upload-content-sniffed" in flaws or not name.lower().endswith(".png"):
        return 0, content
    try:
        written = io.BytesIO()
        Image.open(io.BytesIO(content), formats=["PNG"]).save(written, "PNG")
    except OSError:
        return 400, b""
    return 0, written.getvalue()


def forms(flaws):
    app, files = Flask(__name__), {}
    own = "upload-server-names" not in flaws

    @app.get("/files")
    def listed():
        links = "".join(f'<a href="/files/{key}">{key}</a><i>{name}</i>' for key, (name, _) in files.items())
        return (
            '<form method="post" action="/files" enctype="multipart/form-data"><input type="file" name="file"></form>'
            + links
        )

    @app.post("/files")
    def taken():
        sent = request.files["file"]
        status, content = refuse(sent.filename, sent.read(), flaws)
        if status:
            return "no", status
        files[secrets.token_hex(8) if own else sent.filename] = (sent.filename, content)
        return redirect("/files")

    @app.get("/files/<key>")
    def served(key):
        if key not in files:
            return "none", 404
        return Response(files[key][1], mimetype="image/png" if own else "text/html", headers=SAFE if own else {})

    return app


def api(flaws):
    app, files = FastAPI(), {}
    own = "upload-server-names" not in flaws

    @app.post("/pictures", status_code=201)
    async def taken(picture: UploadFile):
        status, content = refuse(picture.filename or "", await picture.read(), flaws)
        if status:
            raise HTTPException(status)
        key = secrets.token_hex(8) if own else picture.filename
        files[key] = content
        return {"url": f"/pictures/{key}"}

    @app.get("/pictures/{key}")
    def served(key: str):
        if key not in files:
            raise HTTPException(404)
        return FastResponse(files[key], media_type="image/png", headers=SAFE if own else {})

    return app


@pytest.mark.parametrize("build", [forms, api])
def test_sound_uploads_hold_every_claim(run, build):
    for control in CONTROLS:
        told = run(build(()), control, identities=())
        assert told.reasons == []
        assert told.notes, (control, told.unproven)


@pytest.mark.parametrize("build", [forms, api])
@pytest.mark.parametrize(
    ("control", "words"),
    [
        ("upload-extension-allowlist", ".php, .PHP, .jpg.php"),
        ("upload-content-sniffed", "a page named .png"),
        ("upload-content-sniffed", "a picture with a script behind it"),
        ("upload-size-limit", "keeps a file of 5242881 bytes"),
        ("upload-server-names", "the second file of a name is served at the address of the first"),
        ("upload-server-names", "without Content-Disposition|inline as text/html"),
    ],
)
def test_broken_upload_is_found(run, build, control, words):
    told = run(build((control,)), control, identities=())
    assert any(word in reason for reason in told.reasons for word in words.split("|")), (told.reasons, told.unproven)


def test_upload_that_keeps_nothing_is_unproven(run):
    app = Flask(__name__)
    page = '<form method="post" enctype="multipart/form-data"><input type="file" name="file"></form>'
    app.add_url_rule("/import", "show", lambda: page)
    app.add_url_rule("/import", "take", lambda: page, methods=["POST"])
    for control in CONTROLS:
        told = run(app, control, identities=())
        assert (told.reasons, told.notes) == ([], [])
        assert "kept no honest file" in told.unproven[0]
