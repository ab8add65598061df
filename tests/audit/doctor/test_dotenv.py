from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.audit.doctor.dotenv import read_dotenv
from vallum.base.errors import UsageError


def read(folder: Path, text: str) -> dict[str, str]:
    path = folder / ".env"
    path.write_text(text)
    return read_dotenv(path)


def test_names_and_values_are_read_as_they_stand(tmp_path: Path) -> None:
    text = "# of notes\n\nA=1\nexport B = two words # note\nC='it # $A'\nD=\"x y\" # note\nE=\nF=a#b\nA=3\n"
    assert read(tmp_path, text) == {"A": "3", "B": "two words", "C": "it # $A", "D": "x y", "E": "", "F": "a#b"}


def test_a_line_that_is_none_is_named_and_not_shown(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=":2 is not NAME=value") as caught:
        read(tmp_path, "A=1\nhunter2\n")
    assert "hunter2" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_misuse(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_dotenv(tmp_path / "none")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="not UTF-8"):
        read_dotenv(tmp_path / "bytes")


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126, blacklist_characters="'"), max_size=40))
def test_a_quoted_value_comes_back(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    assert read(tmp_path_factory.mktemp("env"), f"A='{value}'") == {"A": value}
