"""The section on logs of docs/guard.md, as printed there, in a process of its own."""

import json
import re
import subprocess
import sys
from pathlib import Path

GUIDE = Path(__file__).parents[3] / "docs" / "guard.md"


def test_the_example_runs(tmp_path: Path) -> None:
    section = GUIDE.read_text(encoding="utf-8").partition("## Logs and the audit trail")[2]
    block = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert block
    done = subprocess.run([sys.executable, "-c", block[1]], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr
    event, record = (json.loads(line) for line in done.stderr.splitlines())
    assert (event["event"], event["account"]) == ("roles-changed", "7")
    assert (record["event"], record["user"], record["password"]) == ("promoted", 7, "[REDACTED]")
