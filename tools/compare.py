"""Audit several projects, then print their ledgers side by side and where the reports are.

usage: python tools/compare.py PROJECT...      exit status 0 when every audit ran to its end (broken or not)
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from vallum.catalogue.control import AREAS

REPORTS: Final = Path(".vallum")
MARKS: Final = {"broken": "X", "held": "■", "nothing examined": "□", "could not look": "?", "does not apply": "-"}
RAN_TO_ITS_END: Final = (0, 1)


def main(projects: list[Path]) -> int:
    """Audit each project and compare them."""
    REPORTS.mkdir(exist_ok=True)
    # All at once, for two cores; the first talks to the reader while it runs, the others when it is their turn.
    audits = [Audit(project, speaks=number == 0) for number, project in enumerate(projects)]
    statuses = [audit.finish() for audit in audits]
    if any(status not in RAN_TO_ITS_END for status in statuses):
        print(f"vallum: an audit did not run to its end: exit status {', '.join(map(str, statuses))}", file=sys.stderr)
        return 1
    reports = [json.loads(report_path(project, "json").read_text(encoding="utf-8")) for project in projects]
    names = [project.name for project in projects]
    print(f"\n{'':16}" + "".join(f"{name:36}" for name in names).rstrip())
    for area in AREAS:
        cells = "".join(f"{draw_area(report, area):36}" for report in reports)
        print(f"{area.replace('_', ' '):16}{cells}".rstrip())
    print(f"{'':16}" + "".join(f"{count_verdicts(report):36}" for report in reports).rstrip())
    print(f"\n{'':16}X broken   ■ held   □ nothing examined   ? could not look   - does not apply\n")
    for project in projects:
        print(f"{project.name:16}{report_path(project, 'html')}")
    return 0


class Audit:
    """A `vallum audit` of one project that runs; its terminal report goes to the reader, at once or in the end."""

    def __init__(self, project: Path, *, speaks: bool) -> None:
        """Start it."""
        outputs = [word for kind in ("html", "json") for word in ("--output", str(report_path(project, kind)))]
        command = [sys.executable, "-m", "vallum.cli", "audit", str(project), *outputs]
        said = None if speaks else subprocess.PIPE
        self._process = subprocess.Popen(command, stdout=said, text=True)  # noqa: S603 - our own command line, no shell

    def finish(self) -> int:
        """Wait for it, print what it said, and return its exit status."""
        said, _ = self._process.communicate()
        print(said or "", end="", flush=True)
        return self._process.returncode


def report_path(project: Path, kind: str) -> Path:
    """Where the report of a project is written."""
    return REPORTS / f"{project.name}.{kind}"


def draw_area(report: dict[str, Any], area: str) -> str:
    """The marks of one area, in catalogue order."""
    verdicts = [entry for entry in report["verdicts"] if entry["area"] == area]
    return "".join(MARKS[entry["reason"] if entry["verdict"] == "unproven" else entry["verdict"]] for entry in verdicts)


def count_verdicts(report: dict[str, Any]) -> str:
    """`35 broken, 90 unproven, 12 held`."""
    return ", ".join(
        f"{sum(entry['verdict'] == outcome for entry in report['verdicts'])} {outcome}"
        for outcome in ("broken", "unproven", "held")
    )


if __name__ == "__main__":
    sys.exit(main([Path(name) for name in sys.argv[1:]]))
