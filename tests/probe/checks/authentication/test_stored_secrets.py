"""The claim on secrets of second factors in the database."""

import pytest

import vallum.probe.collect.trial.props as trial_props

CONTROL = "encryption-at-rest"


def test_a_secret_in_clear_is_found(garden):
    told = garden((CONTROL,), "clear-secret", trial=True)
    assert told.broken == {CONTROL}
    assert "stands in the app's database in clear" in told.reasons[0]


def test_a_secret_that_is_not_stored_in_clear_is_held(garden):
    told = garden((CONTROL,), trial=True)
    assert (told.broken, told.held) == (set(), {CONTROL})


def test_an_app_without_factors_is_no_matter_of_it(notes, look):
    seen = look(notes().app(), CONTROL)
    assert [remark.reason for remark in seen.unproven] == [
        "no second factor is enrolled here, whose secret could be stored"
    ]
    assert (seen.findings, seen.sites) == ([], [])


@pytest.mark.parametrize(("stored", "found"), [(b"x" + bytes(range(20)), True), (b"\x00sealed", False)])
def test_bytes_behind_a_hexadecimal_text_are_found(tmp_path, monkeypatch, stored, found):
    place = tmp_path / "a.db"
    place.write_bytes(b"SQLite format 3" + stored)
    monkeypatch.setattr(trial_props.Props, "databases", {str(place): None})
    text = bytes(range(20)).hex()
    assert trial_props.find_stored([text]) == {"databases": 1, "found": [text] if found else []}
