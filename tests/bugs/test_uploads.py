"""A file of a client has a name of ours, a size of ours and a type that was looked at."""

import io
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, UploadFile

from vallum.guard import Guard, public
from vallum.guard.authorization.access import accepts_body
from vallum.guard.files.upload_names import UploadRefusedError, write_disposition
from vallum.guard.files.uploads import UploadStore

PDF = b"%PDF-1.7\n%%EOF\n"
PATHS = (
    "../../etc/passwd.pdf",
    "/etc/cron.d/x.pdf",
    "..\\..\\x.pdf",
    "C:\\x.pdf",
    "a/../../x.pdf",
    "....//x.pdf",
    "%2e%2e%2fx.pdf",
    "x.pdf\0.py",
    "\uff0e\uff0e\uff0fx.pdf",
    ".pdf",
    "x.py.pdf",
    "x.pdf.",
    "x.pdf::$DATA",
    "CON.pdf\r\nx: y",
)


@pytest.fixture
def store(tmp_path: Path) -> UploadStore:
    folder = tmp_path / "uploads"
    folder.mkdir(mode=0o700)
    return UploadStore(folder)


@pytest.mark.parametrize("name", PATHS, ids=range(len(PATHS)))
def test_bug_25_cve_2026_24486_and_cve_2021_31542_a_clients_name_is_no_path(
    store: UploadStore, tmp_path: Path, name: str
) -> None:
    before = set(tmp_path.rglob("*"))
    try:
        kept = store.receive(io.BytesIO(PDF), name=name)
    except UploadRefusedError:
        assert set(tmp_path.rglob("*")) == before
        return
    (added,) = set(tmp_path.rglob("*")) - before
    assert added == tmp_path / "uploads" / kept.name
    assert name not in kept.name


@pytest.mark.parametrize("name", ["report.pdf", "REPORT.PDF", "r\u00e9sum\u00e9.pdf"])
def test_bug_25_cve_2021_31542_the_stored_name_is_random(store: UploadStore, name: str) -> None:
    first, second = (store.receive(io.BytesIO(PDF), name=name) for _ in range(2))
    assert first.name != second.name
    assert "report" not in first.name.lower()


def multipart(*parts: bytes, boundary: bytes = b"b") -> tuple[bytes, dict[str, str]]:
    body = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + boundary + b"--\r\n"
    return body, {"content-type": f"multipart/form-data; boundary={boundary.decode()}"}


@pytest.fixture
def upload(policy: Any, browse: Any, store: UploadStore, tmp_path: Path) -> Any:
    app = FastAPI(openapi_url=None)

    @app.post("/up")
    @public
    @accepts_body(200_000)
    async def up(file: UploadFile) -> str:
        return (await store.receive_async(file, name=file.filename or "")).name

    Guard(app, policy=policy())
    return browse(app)


def part_named(*parameters: str) -> bytes:
    head = "; ".join(["Content-Disposition: form-data", 'name="file"', *parameters])
    return head.encode() + b"\r\nContent-Type: application/pdf\r\n\r\n" + PDF


SMUGGLED = (
    ('filename="a.pdf"', "filename*=utf-8''..%2f..%2fx.py"),
    ("filename*=utf-8''..%2f..%2fx.pdf",),
    ("filename*=utf-8''x.py%00.pdf", 'filename="a.pdf"'),
    ('filename="a.pdf"', 'filename="../../x.py"'),
)


@pytest.mark.parametrize("parameters", SMUGGLED, ids=range(len(SMUGGLED)))
def test_bug_25_ghsa_vffw_93wf_4j4q_a_second_name_smuggles_nothing(
    upload: Any, tmp_path: Path, parameters: tuple[str, ...]
) -> None:
    body, headers = multipart(part_named(*parameters))
    answer = upload("POST", "/up", content=body, headers=headers)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert all(path.parent == tmp_path / "uploads" and path.suffix == ".pdf" for path in files)
    assert answer.status_code in {200, 400, 415, 422}
    assert len(files) == (answer.status_code == 200)


def test_bug_25_cve_2023_30798_parts_fields_and_size_are_bounded(upload: Any, tmp_path: Path) -> None:
    many, headers = multipart(*[b'Content-Disposition: form-data; name="f"\r\n\r\nx'] * 2000)
    assert upload("POST", "/up", content=many, headers=headers).status_code in {400, 413}
    large, headers = multipart(part_named('filename="a.pdf"') + b" " * 300_000)
    assert upload("POST", "/up", content=large, headers=headers).status_code == 413
    long, headers = multipart(part_named('filename="' + "a" * 60_000 + '.pdf"'))
    assert upload("POST", "/up", content=long, headers=headers).status_code in {400, 413, 431}
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("content", [b"<script>alert(1)</script>", b"<?php ?>", b"MZ\x90", b"", b"GIF89a<script>"])
def test_bug_25_cve_2021_31542_what_a_file_is_called_is_what_it_is(store: UploadStore, content: bytes) -> None:
    with pytest.raises(UploadRefusedError):
        store.receive(io.BytesIO(content), name="a.pdf")


def test_bug_25_cve_2021_31542_it_is_served_as_an_attachment_that_is_never_run(store: UploadStore) -> None:
    kept = store.receive(io.BytesIO(PDF + b"<script>"), name='a".pdf'.replace('"', "'"))
    headers = store.headers(kept.name, 'x"\r\nSet-Cookie: a=b.html')
    assert headers["Content-Disposition"].startswith("attachment")
    assert "\r" not in headers["Content-Disposition"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
    assert write_disposition("\u202efdp.exe").isascii()
