import asyncio
import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from vallum.base.errors import ConfigError, VallumError
from vallum.guard.files.file_types import GIF, JPEG, PDF, PNG, WEBP, ZIP, FileType
from vallum.guard.files.upload_names import UploadRefusedError, read_extension, write_disposition
from vallum.guard.files.uploads import MOST_BYTES, UploadPolicy, UploadStore

PDF_BYTES = b"%PDF-1.7\n%%EOF\n"
SCRIPT = b"<script>alert(1)</script>"


def picture(form: str = "PNG", size: tuple[int, int] = (8, 6), **options: object) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, "teal").save(written, form, **options)
    return written.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG that says how large it is and holds nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "uploads"
    place.mkdir(mode=0o700)
    return place


@pytest.fixture
def store(folder):
    return UploadStore(folder)


def names(folder) -> list[str]:
    return [path.name for path in folder.iterdir()]


def content(store: UploadStore, name: str) -> bytes:
    with store.open(name) as file:
        return file.read()


def take(store: UploadStore, data: bytes, name: str, **options: int):
    return store.receive(io.BytesIO(data), name=name, **options)


class Source:
    """Counts what was read of it."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.given = 0

    def read(self, size: int, /) -> bytes:
        piece = PDF_BYTES.ljust(size)[:size] if not self.given else b" " * size
        piece = piece[: min(size, self.left)]
        self.left -= len(piece)
        self.given += len(piece)
        return piece


@pytest.mark.parametrize(
    ("kind", "form", "name"),
    [(PNG, "PNG", "z.png"), (JPEG, "JPEG", "z.JPEG"), (GIF, "GIF", "y.z.gif"), (WEBP, "WEBP", "é.webp")],
)
def test_a_picture_is_kept_under_a_name_of_ours(folder, kind, form, name):
    store = UploadStore(folder, UploadPolicy(types=(kind,)))
    stored = take(store, picture(form), name)
    assert stored.display_name == name
    assert stored.name.endswith("." + kind.extensions[0])
    assert name not in stored.name
    assert (folder / stored.name).stat().st_mode & 0o777 == 0o600
    with store.open(stored.name) as file:
        kept = file.read()
    assert len(kept) == stored.size
    assert Image.open(io.BytesIO(kept)).size == (8, 6)
    assert names(folder) == [stored.name]


def test_a_pdf_is_kept_as_it_is(store):
    stored = take(store, PDF_BYTES, "paper.pdf")
    assert stored.media_type == "application/pdf"
    assert content(store, stored.name) == PDF_BYTES
    store.remove(stored.name)
    with pytest.raises(FileNotFoundError):
        store.open(stored.name)


def test_names_are_never_the_same_twice(store):
    assert len({take(store, PDF_BYTES, "a.pdf").name for _ in range(50)}) == 50


def test_five_megabytes_are_taken_and_one_byte_more_is_not(store, folder):
    assert store.receive(Source(MOST_BYTES), name="a.pdf").size == 5_242_880
    source = Source(10 * MOST_BYTES)
    with pytest.raises(UploadRefusedError) as caught:
        store.receive(source, name="a.pdf")
    assert caught.value.status == 413
    assert source.given <= MOST_BYTES + 64 * 1024
    assert len(names(folder)) == 1


def test_a_quota_counts_too(store, folder):
    with pytest.raises(UploadRefusedError) as caught:
        take(store, PDF_BYTES, "a.pdf", space_left=len(PDF_BYTES) - 1)
    assert caught.value.status == 413
    assert take(store, PDF_BYTES, "a.pdf", space_left=len(PDF_BYTES)).size == len(PDF_BYTES)
    assert len(names(folder)) == 1


NAMES = [
    "x.php",
    "x.PHP",
    "x.jpg.php",
    "x.php.jpg",
    "x.PhP.png",
    "x.jpg.",
    "x.png..",
    ".png",
    ".htaccess",
    "x",
    "x.svg",
    "x.html",
    "x.jpg/",
    "../../x.png",
    "a/b.png",
    "a\\b.png",
    "c:x.png",
    "x.png::$DATA",
    "x.png%00",
    "%2e%2e%2fx.png",
    "x.exe",
    "x.png?a",
    "x.\uff50\uff48\uff50",
    "x.p\u200bng",
    "x\u202egpj.exe",
    "x.png\0",
    "x\n.png",
    "x.png\u00a0",
    "\u3002png",
    "x.pht\u200bml.png",
    "x.svg.png",
    "x.shtml.pdf",
    "x.jsp.jpeg",
    "",
    " x.png",
    "x.png ",
    "x.php .png",
    "x\r\nSet-Cookie: a.png",
    "a" * 252 + ".png",
]


@pytest.mark.parametrize("name", NAMES)
def test_names_that_are_refused(store, folder, name):
    with pytest.raises(UploadRefusedError) as caught:
        take(store, picture(), name)
    assert caught.value.status == 400
    assert len(name) < 2 or name not in str(caught.value)
    assert names(folder) == []


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.png", SCRIPT),
        ("x.png", PDF_BYTES),
        ("x.pdf", picture()),
        ("x.jpg", picture()),
        ("x.png", b""),
        ("x.png", b"\x89PNG\r\n\x1a\n" + SCRIPT),
        ("x.png", picture()[:40]),
        ("x.pdf", b"\n" + PDF_BYTES),
        ("x.jpg", b"\xff\xd8\xff\xe0" + b"<?php ?>" * 9),
        ("x.png", bomb(20_000, 20_000)),
        ("x.png", bomb(1, 60_000_000)),
    ],
)
def test_bytes_and_name_must_agree(store, folder, name, data):
    with pytest.raises(UploadRefusedError) as caught:
        take(store, data, name)
    assert caught.value.status == 400
    assert names(folder) == []


def test_nothing_but_the_picture_is_left(store):
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", SCRIPT.decode())
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    for data, name in (
        (picture(pnginfo=notes) + SCRIPT, "a.png"),
        (picture("JPEG", exif=exif, comment=SCRIPT) + b"PK\x03\x04" + SCRIPT, "a.jpg"),
    ):
        assert SCRIPT in data
        kept = content(store, take(store, data, name).name)
        assert SCRIPT not in kept
        assert b"secret place" not in kept


def test_frames_of_an_animation_count_together(folder):
    frames = [Image.new("RGB", (20, 20), (50 * number, 9, 9)) for number in range(5)]
    written = io.BytesIO()
    frames[0].save(written, "GIF", save_all=True, append_images=frames[1:], duration=40)
    kept = UploadStore(folder, UploadPolicy(types=(GIF,)))
    assert Image.open(io.BytesIO(content(kept, take(kept, written.getvalue(), "a.gif").name))).n_frames == 5
    small = UploadStore(folder, UploadPolicy(types=(GIF,), most_pixels=4 * 400))
    with pytest.raises(UploadRefusedError):
        take(small, written.getvalue(), "a.gif")


def test_pictures_may_be_kept_by_an_unsafe_name(folder):
    store = UploadStore(folder, UploadPolicy(types=(PNG,), unsafe_keep_pictures=True))
    data = picture() + SCRIPT
    assert content(store, take(store, data, "a.png").name) == data


def test_a_scan_decides(folder):
    store = UploadStore(folder, UploadPolicy(types=(ZIP,), scan=lambda file: b"virus" not in file.read()))
    assert take(store, b"PK\x03\x04 fine", "a.zip").size == 9
    with pytest.raises(UploadRefusedError, match="scan"):
        take(store, b"PK\x03\x04 virus", "a.zip")
    assert len(names(folder)) == 1


def test_a_client_that_goes_away_leaves_nothing(store, folder):
    class Gone:
        def read(self, size: int, /) -> bytes:
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        store.receive(Gone(), name="a.pdf")
    assert names(folder) == []


def test_an_async_source(store, folder):
    class Upload:
        def __init__(self, data: bytes) -> None:
            self.file = io.BytesIO(data)

        async def read(self, size: int, /) -> bytes:
            return self.file.read(size)

    assert asyncio.run(store.receive_async(Upload(picture()), name="a.png")).media_type == "image/png"
    with pytest.raises(UploadRefusedError):
        asyncio.run(store.receive_async(Upload(SCRIPT), name="a.png"))
    assert len(names(folder)) == 1


@pytest.mark.parametrize(
    "name", ["../x.png", "a.png", "0" * 32, "0" * 32 + ".part/", "0" * 31 + "G.png", "0" * 32 + ".png\n"]
)
def test_only_stored_names_open(store, name):
    with pytest.raises(UploadRefusedError):
        store.open(name)
    with pytest.raises(UploadRefusedError):
        store.remove(name)


def test_a_download_is_an_attachment_that_runs_nowhere(store):
    stored = take(store, PDF_BYTES, "Übersicht 1.pdf")
    headers = store.headers(stored.name, stored.display_name)
    assert headers["Content-Type"] == "application/pdf"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Disposition"] == (
        "attachment; filename=\"_bersicht 1.pdf\"; filename*=UTF-8''%C3%9Cbersicht%201.pdf"
    )
    assert "sandbox" in headers["Content-Security-Policy"]


@given(st.text())
def test_a_disposition_is_one_line_of_ascii(name):
    value = write_disposition(name)
    assert value.isascii()
    assert value.isprintable()
    assert value.count('"') == 2
    assert value.count(";") == 2


@given(st.text(st.characters(min_codepoint=32, max_codepoint=0x3000)))
def test_what_is_accepted_ends_in_an_allowed_extension(name):
    try:
        extension = read_extension(name, {"png", "pdf"})
    except UploadRefusedError:
        return
    assert extension in {"png", "pdf"}
    assert not set(name) & set("/\\:\0")


def test_settings_are_checked(folder, tmp_path):
    with pytest.raises(ConfigError, match="types"):
        UploadPolicy(types=())
    with pytest.raises(ConfigError, match="types"):
        UploadPolicy(types=(PNG, FileType(media_type="x/y", extensions=("png",), matches=lambda _: True)))
    with pytest.raises(ConfigError, match="at least 1"):
        UploadPolicy(most_bytes=0)
    with pytest.raises(VallumError):
        UploadStore(tmp_path / "missing")
    folder.chmod(0o777)
    with pytest.raises(ConfigError, match="write"):
        UploadStore(folder)


def test_pillow_is_asked_for_at_the_start(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    with pytest.raises(ConfigError, match="Pillow"):
        UploadPolicy(types=(PNG,))
    assert UploadPolicy(types=(PDF,)).extensions == {"pdf"}
