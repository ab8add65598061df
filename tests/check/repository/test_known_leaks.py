"""The baseline of a history: an owner, a reason and an end, or it is refused."""

from datetime import date
from pathlib import Path

import pytest

from vallum.base.errors import ConfigError
from vallum.check.repository.known_leaks import read_known

ENTRY = '[[known]]\nfingerprint = "abc"\nowner = "ada"\nreason = "revoked"\nexpires = 2027-01-31\n'


def test_entries_are_read_and_end(tmp_path: Path) -> None:
    path = tmp_path / "known.toml"
    path.write_text(ENTRY + 'where = "settings.py:3"\n')
    entry = read_known(path)["abc"]
    assert (entry.owner, entry.reason) == ("ada", "revoked")
    assert entry.is_valid(date(2027, 1, 31))
    assert not entry.is_valid(date(2027, 2, 1))


def test_no_file_knows_nothing(tmp_path: Path) -> None:
    assert read_known(tmp_path / "absent.toml") == {}


@pytest.mark.parametrize(
    "text",
    [
        ENTRY.replace('owner = "ada"\n', ""),
        ENTRY.replace('"ada"', '" "'),
        ENTRY.replace("reason", "raison"),
        ENTRY.replace("expires = 2027-01-31", 'expires = "2027-01-31"'),
        ENTRY.replace("2027-01-31", "2027-01-31T00:00:00Z"),
        ENTRY + "until = 1\n",
        "known = 1\n",
        "known = [1]\n",
        "other = 1\n",
        "[[known\n",
    ],
)
def test_what_lacks_something_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "known.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_known(path)
    assert str(path) in caught.value.message
    assert "\n" not in caught.value.message
