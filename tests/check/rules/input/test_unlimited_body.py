import pytest

SLUG = "unlimited-body"
FLASK = """
    from flask import Flask
    app = Flask(__name__)
    {more}
    @app.post("/a")
    def a():
        return ""
"""


def test_an_application_without_a_limit(lines):
    assert lines(SLUG, FLASK.format(more="")) == [[2], []]


@pytest.mark.parametrize(
    "more",
    [
        'app.config["MAX_CONTENT_LENGTH"] = 1024',
        "app.add_middleware(ContentSizeLimitMiddleware)",
        "from vallum.guard import Guard; Guard(app)",
    ],
)
def test_applications_with_a_limit(lines, more):
    assert lines(SLUG, FLASK.format(more=more))[0] == []


def test_a_limit_in_front(lines):
    files = {"app.py": FLASK.format(more=""), "nginx.conf": "client_max_body_size 1m;\n"}
    assert lines(SLUG, files) == [[], [2, "nginx.conf:1"]]


def test_what_only_reads_needs_none(lines):
    assert lines(SLUG, FLASK.format(more="").replace("app.post", "app.get"))[0] == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("MAX_CONTENT_LENGTH = None", True),
        ("DATA_UPLOAD_MAX_MEMORY_SIZE = None", True),
        ("DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 ** 3", True),
        ("DATA_UPLOAD_MAX_NUMBER_FIELDS = 1_000_000", True),
        ("DATA_UPLOAD_MAX_MEMORY_SIZE = 2621440", False),
        ("DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000", False),
    ],
)
def test_settings(lines, line, found):
    assert lines(SLUG, f"{line}\n") == ([[1], []] if found else [[], [1]])


@pytest.mark.parametrize(("size", "found"), [("0", True), ("5g", True), ("1m", False), ("512k", False)])
def test_nginx(lines, size, found):
    assert lines(SLUG, {"nginx.conf": f"client_max_body_size {size};\n"})[0] == (["nginx.conf:1"] if found else [])


def test_bodies_read_whole(lines):
    text = """
        async def whole(request):
            return await request.body()

        async def measured(request):
            if int(request.headers["content-length"]) > 1000:
                raise TooLarge
            return await request.body()

        def other(mail):
            return mail.body()
    """
    assert lines(SLUG, text) == [[2], [7]]


def test_bombs(lines):
    text = """
        import gzip, zlib

        def unpack(body):
            gzip.decompress(body)
            zlib.decompressobj().decompress(body, 1000)
            gzip.decompress(FIXTURE)
    """
    assert lines(SLUG, text)[0] == [4]


def test_without_bodies_it_does_not_apply(judge):
    assert judge(SLUG, "x = 1\n").silences
