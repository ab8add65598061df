"""Whether the check survives every Python file of a tree: no crash, and each file within limits of memory and time.

usage: python benchmarks/robustness.py TREE [--seconds 60] [--megabytes 1500] [--most N]

TREE is any folder, such as the running interpreter's `Lib/test` or an installed package. Every file is judged as a
project of its own in a process of its own. Crashes, files that take too long and files that are refused are named; the
exit status is 1 if there was a crash or a limit was hit.
"""

import argparse
import os
import resource
import sys
import time
from pathlib import Path

from vallum.check.run import check_text, load_rules

UNREAD = 4


def look_apart(path: Path, seconds: int, megabytes: int) -> tuple[str, int]:
    """What became of one file (`read`, `refused`, `crashed`, `stopped`), and the memory that it took in MiB."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:  # what is raised here ends the child with its trace and status 1
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
        gaps = check_text({path.name: path.read_bytes().decode("utf-8", "replace")}).gaps
        os._exit(UNREAD if gaps else 0)
    _, status, usage = os.wait4(child, 0)
    word = (
        "stopped" if os.WIFSIGNALED(status) else {0: "read", UNREAD: "refused"}.get(os.WEXITSTATUS(status), "crashed")
    )
    return word, usage.ru_maxrss >> 10


def main() -> None:
    """Look at a tree and print what became of its files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=Path)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--megabytes", type=int, default=1500)
    parser.add_argument("--most", type=int)
    options = parser.parse_args()
    load_rules()
    check_text({"a.py": "x = 1\n"})
    counts = dict.fromkeys(("read", "refused", "crashed", "stopped"), 0)
    most, began = 0, time.monotonic()
    for path in sorted(options.tree.rglob("*.py"))[: options.most]:
        word, memory = look_apart(path, options.seconds, options.megabytes)
        counts[word] += 1
        most = max(most, memory)
        if word != "read":
            print(word, path.relative_to(options.tree))
    print(f"{counts}, at most {most} MiB, {time.monotonic() - began:.0f} s")
    raise SystemExit(1 if counts["crashed"] or counts["stopped"] else 0)


if __name__ == "__main__":
    main()
