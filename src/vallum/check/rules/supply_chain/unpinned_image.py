"""Images that are named by a tag, which can be moved to other content."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test
from vallum.check.read.source import Source
from vallum.check.rule import Rule
from vallum.findings.finding import Remark

_ATTACK: Final = "Whoever controls the image's repository puts other content under the same tag."
_FIX: Final = "Keep the tag for people and add the digest: python:3.12-slim@sha256:..."
_FROM: Final = re.compile(r"^\s*FROM\s+(?:--\S+\s+)*(?P<image>\S+)(?:\s+AS\s+(?P<stage>\S+))?", re.IGNORECASE)
_COPY: Final = re.compile(r"^\s*COPY\s+(?:--\S+\s+)*?--from=(?P<image>\S+)", re.IGNORECASE)
_IMAGE: Final = re.compile(r"""^(?P<indent>\s*)(?:-\s+)?image:\s*["']?(?P<image>[^\s"'#{]+)["']?\s*(?:#.*)?$""")
_DIGEST: Final = re.compile(r"@sha256:[0-9a-f]{64}$")


def examine(project: Project) -> Iterator[Remark]:
    """Look at every base image of a Dockerfile, and every image of a compose, Kubernetes or CI file."""
    for source in project.configs("dockerfile", "yaml"):
        if is_test(source.path) or is_document(source.path):
            continue
        for number, image in _built(source) if source.kind == "dockerfile" else _named(source):
            place = project.place_in(source, number)
            if _DIGEST.search(image):
                yield RULE.site(place, "named by digest")
            else:
                yield RULE.finding(place, _ATTACK, f"{image} has no digest.", fix=_FIX)


def _built(source: Source) -> Iterator[tuple[int, str]]:
    stages = {"scratch"}
    for number, line in enumerate(source.lines, 1):
        match = _FROM.match(line) or _COPY.match(line)
        if match is None:
            continue
        image = match["image"]
        if "$" not in image and image.lower() not in stages and not image.isdigit():
            yield number, image
        stage = match.groupdict().get("stage")
        if stage:
            stages.add(stage.lower())


def _named(source: Source) -> Iterator[tuple[int, str]]:
    """The images of services that are not built from the project itself."""
    if not re.search(r"^(?:services|kind|stages|image|jobs|\.?[\w-]+):", source.text, re.MULTILINE):
        return
    for number, line in enumerate(source.lines, 1):
        match = _IMAGE.match(line)
        if match and _is_image(match["image"]) and not _is_built(source, number, len(match["indent"])):
            yield number, match["image"]


def _is_image(text: str) -> bool:
    return (
        "$" not in text
        and ("/" in text or ":" in text or "@" in text)
        and not re.search(r"\.(?:png|jpe?g|svg|gif|webp)$", text)
    )


def _is_built(source: Source, number: int, indent: int) -> bool:
    """Whether a `build:` stands beside the `image:`, which then only names the result."""
    for step in (-1, 1):
        index = number - 1 + step
        while 0 <= index < len(source.lines):
            line = source.lines[index]
            depth = len(line) - len(line.lstrip())
            if line.strip() and depth < indent:
                break
            if depth == indent and line.lstrip().startswith("build:"):
                return True
            index += step
    return False


RULE = Rule(
    slug="unpinned-image",
    control="dependencies-pinned",
    languages=("dockerfile", "yaml"),
    unit=("image", "images"),
    sound="named by digest",
    examine=examine,
)
