import pytest

from vallum.findings.finding import Silence

SLUG = "secret-file-tracked"
WHOLE = ".env\n*.pem\n*.key\nservice-account.json\ncredentials.json\n"
KEY = "-----BEGIN {}-----\nMII\n-----END {}-----\n"


def test_ignore_files(lines):
    assert lines(SLUG, {".gitignore": WHOLE}) == [[], [".gitignore:1"]]
    assert lines(SLUG, {".gitignore": "*.pyc\n"}) == [[".gitignore:1"], []]
    assert lines(SLUG, {".gitignore": f"{WHOLE}!.env.example\n"}) == [[], [".gitignore:1"]]
    assert lines(SLUG, {".gitignore": f"{WHOLE}!a/signing.key\n"}) == [[".gitignore:6"], []]
    assert lines(SLUG, {"web/.gitignore": "dist/\n"}) == [[], ["web/.gitignore:1"]]
    assert lines(SLUG, {".dockerignore": WHOLE}) == [[".dockerignore:1"], []]
    assert lines(SLUG, {".dockerignore": f"{WHOLE}.git\n"}) == [[], [".dockerignore:1"]]
    assert lines(SLUG, {".dockerignore": "*\n!src\n"}) == [[], [".dockerignore:1"]]


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        (".env", "DEBUG=1\n", True),
        (".env.production", "SECRET_KEY=a\n", True),
        (".env.production", "VITE_ORIGIN=a\n", False),
        (".env.example", "SECRET_KEY=\n", False),
        ("tls/site.key", KEY.format("PRIVATE KEY", "PRIVATE KEY"), True),
        ("tls/site.pem", KEY.format("CERTIFICATE", "CERTIFICATE"), False),
        ("credentials.json", "{}\n", True),
    ],
)
def test_tracked_files(lines, name, text, found):
    assert lines(SLUG, {name: text}) == ([[f"{name}:1"], []] if found else [[], [f"{name}:1"]])


def test_a_file_that_git_ignores_is_not_tracked(lines):
    assert lines(SLUG, {".gitignore": WHOLE, ".env": "A=1\n"})[0] == []


def test_images(lines):
    files = {".gitignore": WHOLE, "Dockerfile": "FROM a\nCOPY --chown=a . .\n"}
    assert lines(SLUG, files)[0] == ["Dockerfile:2"]
    assert lines(SLUG, {**files, ".dockerignore": f"{WHOLE}.git\n"})[0] == []


def test_web_roots(lines):
    text = "server {{\n  root {};\n{}}}\n"
    assert lines(SLUG, {"nginx.conf": text.format("/srv/repo", "")}) == [["nginx.conf:2"], []]
    assert lines(SLUG, {"nginx.conf": text.format("/srv/site/public", "")}) == [[], ["nginx.conf:2"]]
    deny = "  location ~ /\\. {\n    return 404;\n  }\n"
    assert lines(SLUG, {"nginx.conf": text.format("/srv/repo", deny)}) == [[], ["nginx.conf:2"]]


def test_projects_without_such_files(judge):
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
