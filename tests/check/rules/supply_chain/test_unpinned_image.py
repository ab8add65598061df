import pytest

SLUG = "unpinned-image"
DIGEST = "@sha256:" + "5dc6f84b" * 8


@pytest.mark.parametrize(
    ("text", "found", "sound"),
    [
        ("FROM python:3.12\n", [1], []),
        ("FROM python\n", [1], []),
        (f"FROM python:3.12{DIGEST}\n", [], [1]),
        (f"FROM --platform=linux/amd64 python:3.12{DIGEST} AS build\nFROM build\n", [], [1]),
        ("FROM python:3.12 AS build\nFROM scratch\nCOPY --from=build /a /a\nCOPY --from=0 /a /a\n", [1], []),
        ("ARG BASE=python\nFROM ${BASE}\n", [], []),
        ("# FROM python\nfrom python:3.12@sha256:abc\n", [2], []),
        ("COPY --chown=1:1 --from=ghcr.io/astral-sh/uv:latest /uv /bin/\n", [1], []),
        (f"COPY --from=ghcr.io/astral-sh/uv{DIGEST} /uv /bin/\n", [], [1]),
    ],
)
def test_dockerfiles(lines, text, found, sound):
    name = "Dockerfile"
    assert lines(SLUG, {name: text}) == [[f"{name}:{line}" for line in found], [f"{name}:{line}" for line in sound]]


@pytest.mark.parametrize(
    ("text", "found", "sound"),
    [
        ("services:\n  db:\n    image: postgres:16\n", [3], []),
        (f"services:\n  db:\n    image: postgres:16{DIGEST}\n", [], [3]),
        ('services:\n  db:\n    image: "postgres:16"  # newest\n', [3], []),
        ("services:\n  web:\n    build: .\n    image: shop/web:1\n  db:\n    image: redis:7\n", [6], []),
        ("services:\n  web:\n    image: shop/web:1\n    ports: []\n    build:\n      context: .\n", [], []),
        ("services:\n  web:\n    image: ${IMAGE}\n", [], []),
        ("kind: Pod\nspec:\n  containers:\n    - image: shop/web:1\n", [4], []),
        ("pages:\n  - image: cover.png\n    alt: x\n  - image: /static/photo.jpg\n", [], []),
    ],
)
def test_yaml(lines, text, found, sound):
    name = "compose.yaml"
    assert lines(SLUG, {name: text}) == [[f"{name}:{line}" for line in found], [f"{name}:{line}" for line in sound]]


def test_files_of_tests_are_not_asked(lines):
    assert lines(SLUG, {"tests/Dockerfile": "FROM python\n"}) == [[], []]
