"""What a file is for, told by its path: tests, examples and development settings are judged more mildly."""

import re
from typing import Final

_TEST: Final = re.compile(
    r"(?:^|/)(?:tests?|testing|testdata|fixtures?|conftest\.py|test_[^/]*|[^/]*_tests?\.py)(?:/|$)"
)
_DOCUMENT: Final = re.compile(r"(?:^|/)(?:docs?|docs_src|documentation|tutorials?)/|\.ipynb$")
_DEVELOPMENT: Final = re.compile(r"(?:^|[^a-z])(?:dev|devel|development|local|test|tests|testing|debug)(?:[^a-z]|$)")
_CAPITALS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def is_test(path: str) -> bool:
    """Whether a path belongs to tests: it never serves anybody, and its secrets are mostly invented."""
    return _TEST.search(path) is not None


def is_document(path: str) -> bool:
    """Whether a path belongs to documentation."""
    return _DOCUMENT.search(path) is not None


def names_development(text: str) -> bool:
    """Whether a name says that it is for a developer's machine: `settings/local.py`, `DevelopmentConfig`."""
    return _DEVELOPMENT.search(_CAPITALS.sub("_", text).lower()) is not None
