"""How many of the lines that Semgrep's own rules mark the check finds, and on how many sound ones it raises an alarm.

usage: python benchmarks/semgrep_rules.py TREE [--list] [--folder python/lang --folder python/flask]

TREE is a checkout of semgrep/semgrep-rules; nothing of it is kept here. In the annotated tests of the security rules of
subcategory *vuln*, a finding is expected on the line after `# ruleid: ID` and none on the line after `# ok: ID` that no
other rule objects to. A finding counts if it is of the same family of weaknesses and within one line.
"""

import argparse
import re
from collections import Counter
from pathlib import Path
from typing import Any

import yaml
from weaknesses import find_weaknesses, is_related

from vallum.catalogue.registry import load_controls

_MARK = re.compile(r"#\s*(ruleid|ok|todoruleid|todook)\s*:\s*([\w., -]+)")


def read_rules(folder: Path) -> dict[str, set[int]]:
    """The weaknesses of each security rule of subcategory *vuln*."""
    rules: dict[str, set[int]] = {}
    for path in sorted(folder.rglob("*.y*ml")):
        for rule in (yaml.safe_load(path.read_text()) or {}).get("rules", ()):
            metadata: dict[str, Any] = rule.get("metadata", {})
            kinds = metadata.get("subcategory", [])
            if metadata.get("category") == "security" and "vuln" in kinds:
                named = metadata.get("cwe", [])
                rules[rule["id"]] = {int(number) for number in re.findall(r"CWE-(\d+)", str(named))}
    return rules


def marked_lines(text: str) -> list[tuple[str, str, int]]:
    """(`ruleid` or `ok`, rule, line that it speaks of)."""
    lines = text.split("\n")
    found: list[tuple[str, str, int]] = []
    for place, line in enumerate(lines):
        match = _MARK.search(line)
        if match is None or match[1].startswith("todo"):
            continue
        target = place + 1
        while target < len(lines) and (not lines[target].strip() or lines[target].lstrip().startswith("#")):
            target += 1
        found += [(match[1], rule.strip(), target + 1) for rule in match[2].split(",")]
    return found


def main() -> None:
    """Print the two shares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=Path)
    parser.add_argument("--folder", action="append", default=[])
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    controls = {control.id: control for control in load_controls()}
    counts: Counter[str] = Counter()
    for folder in options.folder or ["python/lang", "python/flask"]:
        rules = read_rules(options.tree / folder)
        for path in sorted((options.tree / folder).rglob("*.py")):
            text = path.read_text()
            marks = [mark for mark in marked_lines(text) if mark[1] in rules]
            findings = find_weaknesses(path.name.replace("test", "case"), text, controls) if marks else []
            objected = {line for kind, _, line in marks if kind == "ruleid"}
            for kind, rule, line in marks:
                if kind == "ok" and any(abs(line - other) <= 1 for other in objected):
                    continue
                hit = any(
                    first - 1 <= line <= last + 1 and is_related(rules[rule], numbers)
                    for first, last, numbers in findings
                )
                counts[f"{kind} {hit}"] += 1
                if options.list and hit is (kind == "ok"):
                    print("missed" if kind == "ruleid" else "ALARM ", f"{path.relative_to(options.tree)}:{line}", rule)
    found, missed = counts["ruleid True"], counts["ruleid False"]
    alarms, quiet = counts["ok True"], counts["ok False"]
    print(f"{'ruleid lines':14}{found + missed:>6}   found  {found:>5}  {100 * found / max(found + missed, 1):5.1f} %")
    print(f"{'ok lines':14}{alarms + quiet:>6}   alarms {alarms:>5}  {100 * alarms / max(alarms + quiet, 1):5.1f} %")


if __name__ == "__main__":
    main()
