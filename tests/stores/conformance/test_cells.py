"""One suite for every store of cells: of fifty who come at once exactly one wins."""

from collections.abc import Callable
from typing import Any

import pytest

from vallum.stores.cells import CellStore
from vallum.stores.memory.cells import PURGE_EVERY, MemoryCells

NOW = 1_000.25
LATER = NOW + 60
Crowd = Callable[[Callable[[int], Any]], list[Any]]


def test_a_value_lives_until_its_deadline(cells: CellStore) -> None:
    assert cells.read("a", NOW) is None
    assert cells.put_new("a", "one é", NOW, LATER)
    assert (cells.read("a", NOW), cells.read("a", LATER - 0.01), cells.read("a", LATER)) == ("one é", "one é", None)


def test_it_is_put_only_where_none_lives(cells: CellStore) -> None:
    assert cells.put_new("a", "1", NOW, LATER)
    assert not cells.put_new("a", "2", LATER - 0.01, LATER + 60)
    assert cells.read("a", NOW) == "1"
    assert cells.put_new("a", "2", LATER, LATER + 60)
    assert cells.read("a", LATER) == "2"


def test_it_is_swapped_only_for_what_was_expected(cells: CellStore) -> None:
    assert not cells.swap("a", "", "1", NOW, LATER)
    cells.put_new("a", "1", NOW, LATER)
    assert not cells.swap("a", "2", "3", NOW, LATER)
    assert cells.swap("a", "1", "2", NOW, LATER + 60)
    assert cells.read("a", LATER) == "2"
    assert not cells.swap("a", "2", "3", LATER + 60, LATER + 120)


def test_it_is_taken_once_and_in_time(cells: CellStore) -> None:
    cells.put_new("a", "1", NOW, LATER)
    assert (cells.take("a", NOW), cells.take("a", NOW)) == ("1", None)
    cells.put_new("a", "2", NOW, LATER)
    assert cells.take("a", LATER) is None


def test_only_its_own_value_is_dropped(cells: CellStore) -> None:
    cells.put_new("a", "1", NOW, LATER)
    assert not cells.drop("a", "2")
    assert not cells.drop("b", "1")
    assert cells.drop("a", "1")
    assert cells.read("a", NOW) is None


@pytest.mark.parametrize("kind", ["memory", "sqlite", "postgres"])
def test_what_has_ended_is_purged(cells: CellStore) -> None:
    cells.put_new("a", "1", NOW, LATER)
    cells.put_new("b", "1", NOW, LATER + 1)
    assert (cells.purge(LATER), cells.purge(LATER)) == (1, 0)
    assert cells.read("b", LATER) == "1"


def test_the_memory_of_a_process_does_not_fill_up() -> None:
    cells = MemoryCells()
    for number in range(PURGE_EVERY):
        cells.put_new(str(number), "", NOW + number, NOW + number + 0.5)
    assert cells.purge(NOW + PURGE_EVERY) == 1


@pytest.mark.parametrize("action", ["put_new", "swap", "take", "drop"])
def test_of_fifty_exactly_one_wins(cells: CellStore, crowd: Crowd, action: str) -> None:
    if action != "put_new":
        cells.put_new("a", "old", NOW, LATER)
    ways: dict[str, Callable[[int], Any]] = {
        "put_new": lambda number: cells.put_new("a", str(number), NOW, LATER),
        "swap": lambda number: cells.swap("a", "old", str(number), NOW, LATER),
        "take": lambda _number: cells.take("a", NOW) is not None,
        "drop": lambda _number: cells.drop("a", "old"),
    }
    won = crowd(ways[action])
    assert won.count(True) == 1
    if action in {"put_new", "swap"}:
        assert cells.read("a", NOW) == str(won.index(True))
