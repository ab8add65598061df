"""Set the words `built`, `planned` and `none` in each page's head to what the tree really holds.

usage: python tools/pages.py [--check]      with --check nothing is written, and a difference is exit status 1
"""

import re
import sys

from vallum.audit.keepers import load_keepers
from vallum.catalogue.control import WAYS
from vallum.catalogue.registry import FOLDER, load_controls


def main(check: bool) -> int:
    """Compare every page with its keepers; write the difference, or only tell it."""
    keepers = load_keepers()
    changed = 0
    for control in load_controls():
        path = FOLDER / control.area / f"{control.id}.md"
        before = after = path.read_text(encoding="utf-8")
        for way in WAYS:
            status = keepers[control.id].status(way, control)
            after = re.sub(rf'^{way} = "\w+"$', f'{way} = "{status}"', after, count=1, flags=re.MULTILINE)
        if before != after:
            changed += 1
            print(f"{control.area}/{control.id}: {'differs from' if check else 'set to'} what the tree holds")
            if not check:
                path.write_text(after, encoding="utf-8")
    return bool(check and changed)


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
