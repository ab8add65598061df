import sys

import pytest

from vallum.audit import keepers
from vallum.audit.keepers import Keepers, LedgerError, load_keepers, read_guards
from vallum.catalogue.control import Status
from vallum.catalogue.registry import find_control, load_controls


@pytest.fixture
def fresh():
    load_keepers.cache_clear()
    yield
    load_keepers.cache_clear()


def test_ledger_covers_the_catalogue():
    assert load_keepers().keys() == {control.id for control in load_controls()}


def test_ledger_knows_all_three_ways():
    redirect = load_keepers()["safe-redirect"]
    assert "vallum.guard.output.redirects" in redirect.guard
    assert redirect.rule
    assert redirect.probe


def test_guards_are_read_without_being_imported():
    before = set(sys.modules)
    assert ("vallum.guard.output.redirects", "safe-redirect") in set(read_guards())
    assert not {name for name in set(sys.modules) - before if name.startswith("vallum.guard")}


def test_status_comes_from_what_exists():
    control = find_control("dependencies-pinned")
    nobody = Keepers()
    assert nobody.status("guard", control) is Status.NONE
    assert nobody.status("rule", control) is Status.PLANNED
    assert Keepers(rule=("unpinned-dependency",)).status("rule", control) is Status.BUILT


def test_guard_that_names_an_unknown_control_is_refused(fresh, monkeypatch, tmp_path):
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard" / "wall.py").write_text('KEEPS: Final = ("no-such-control",)\n')
    monkeypatch.setattr(keepers, "_SOURCE", tmp_path)
    with pytest.raises(LedgerError, match=r'vallum\.guard\.wall names the control "no-such-control"'):
        load_keepers()
