"""docs/policy.md, as printed there."""

import re
from pathlib import Path
from typing import Any

import pytest

GUIDE = (Path(__file__).parents[4] / "docs" / "policy.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)


@pytest.mark.parametrize("code", EXAMPLES, ids=["python", "toml"])
def test_the_examples_run(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    module: dict[str, Any] = {"__name__": "example"}
    exec(compile(code, "policy.md", "exec"), module)
    if "engine" in module:
        module["session"].close()
        module["engine"].dispose()
        assert "note:edit" in capsys.readouterr().out
