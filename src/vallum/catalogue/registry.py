"""The folder is the registry: every page under `controls/` is a control."""

from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Final

from vallum.base.errors import UsageError
from vallum.catalogue.control import AREAS, Control
from vallum.catalogue.page import Page, read_control, read_page

FOLDER: Final = Path(__file__).parent / "controls"


@cache
def load_controls() -> tuple[Control, ...]:
    """Every control, by area and then in its place within the area. Raises `PageError`."""
    controls = [read_control(path) for path in FOLDER.glob("*/*.md")]
    return tuple(sorted(controls, key=lambda control: (AREAS.index(control.area), control.order, control.id)))


def find_control(control_id: str) -> Control:
    """The control with this id. Raises `UsageError` that names the nearest ids."""
    for control in load_controls():
        if control.id == control_id:
            return control
    known = [control.id for control in load_controls()]
    near = get_close_matches(control_id, known, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(near)}?" if near else "`vallum controls` lists them all."
    raise UsageError(f'There is no control "{control_id}".', hint=hint, code="unknown-control")


def find_page(control_id: str) -> Page:
    """The page of a control, whole. Raises `UsageError` that names the nearest ids."""
    control = find_control(control_id)
    return read_page(FOLDER / control.area / f"{control.id}.md")
