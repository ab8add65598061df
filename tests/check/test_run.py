"""The whole check: policies, gaps, counts, determinism, and that nothing makes it fail."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vallum.base.errors import ConfigError, UsageError
from vallum.check import run as check_module
from vallum.check.run import CheckPolicy, check, check_text, load_rules
from vallum.check.taint import machine
from vallum.findings.finding import Finding, Site
from vallum.findings.place import Place

CASES = Path(__file__).parents[1] / "cases" / "flows"
BROKEN = "import os\nfrom flask import request\ndef f():\n    os.system('ls ' + request.args['d'])\n"
FLOWS = frozenset({"sql-parameterised", "no-shell-injection", "path-traversal", "html-escaped", "safe-redirect"})


def test_a_tree_is_checked_with_paths_relative_to_the_root(tmp_path: Path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "views.py").write_text(BROKEN)
    (tmp_path / "app" / "bad.py").write_text("def f(:\n")
    told: list[tuple[str, int, int]] = []
    policy = CheckPolicy(root=tmp_path, select=frozenset({"no-shell-injection"}))
    examination = check(policy, lambda *step: told.append(step))
    found = [remark for remark in examination.remarks if isinstance(remark, Finding)]
    assert len(found) == 1
    place = found[0].where
    assert isinstance(place, Place)
    assert (place.path, place.line, place.scope) == ("app/views.py", 4, "f")
    assert place.text == "os.system('ls ' + request.args['d'])"
    assert [gap.what for gap in examination.gaps] == ["app/bad.py:1"]
    assert (examination.counts.files, examination.counts.functions) == (2, 1)
    assert {step[0] for step in told} == {"reading", "following", "judging"}


def test_excluded_files_are_not_read(tmp_path: Path):
    (tmp_path / "views.py").write_text(BROKEN)
    policy = CheckPolicy(root=tmp_path, exclude=("views.py",), select=frozenset({"no-shell-injection"}))
    assert check(policy).counts.files == 0


def test_a_missing_path_is_misuse(tmp_path: Path):
    with pytest.raises(UsageError):
        check(CheckPolicy(root=tmp_path, paths=(Path("gone"),)))


def test_a_finding_tells_the_way_of_the_data():
    text = "from flask import request\nimport os\ndef run(command):\n    os.system(command)\ndef f():\n"
    text += "    name = request.args['name']\n    line = 'ping ' + name\n    run(line)\n"
    remark = next(
        remark for remark in check_text({"a.py": text}, select=frozenset({"no-shell-injection"})).remarks
        if isinstance(remark, Finding)
    )  # fmt: skip
    assert [(step.verb, step.place.line) for step in remark.steps] == [
        ("enters", 6),
        ("becomes", 7),
        ("passes", 8),
        ("runs", 4),
    ]
    assert remark.steps[0].value == "request.args['name']" or remark.steps[0].value in remark.steps[0].place.text
    assert "the `name` query parameter" in remark.message
    assert remark.fix is not None


def test_a_bound_query_is_shown_as_the_fix():
    text = "from flask import request\nimport sqlite3\ndef f():\n    q = request.args['q']\n"
    text += "    sqlite3.connect('x').execute(f\"SELECT * FROM t WHERE a = '{q}' AND b = {q}\")\n"
    remark = next(
        remark for remark in check_text({"a.py": text}, select=frozenset({"sql-parameterised"})).remarks
        if isinstance(remark, Finding)
    )  # fmt: skip
    assert remark.fix is not None
    assert remark.fix.after == ("sqlite3.connect('x').execute(\"SELECT * FROM t WHERE a = ? AND b = ?\", (q, q))",)


def test_sites_say_why_they_are_well():
    text = (
        "from flask import request\nimport os, shlex\ndef f():\n    os.system('ls ' + shlex.quote(request.args['d']))\n"
    )
    text += "    os.system('ls')\n"
    sites = [
        remark.note for remark in check_text({"a.py": text}, select=frozenset({"no-shell-injection"})).remarks
        if isinstance(remark, Site)
    ]  # fmt: skip
    assert sites == ["made safe by `shlex.quote`", "the program is fixed"]


def test_every_rule_is_a_file_and_knows_its_place():
    rules = load_rules()
    assert {"sql-from-data", "path-from-data", "html-from-data"} <= {rule.slug for rule in rules}
    assert len({rule.slug for rule in rules}) == len(rules)


def test_a_module_without_a_rule_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(check_module, "_rule_modules", lambda _package: ["vallum.check.rule"])
    load_rules.cache_clear()
    with pytest.raises(ConfigError, match="RULE"):
        load_rules()
    load_rules.cache_clear()


def test_a_cut_is_a_gap_and_never_sound(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("vallum.check.taint.analysis.FUEL", 5)
    monkeypatch.setattr(machine, "FUEL", 5)
    examination = check_text({"a.py": BROKEN}, select=frozenset({"no-shell-injection"}))
    assert any("steps" in gap.why for gap in examination.gaps)


def test_a_failure_of_the_analyser_is_a_gap(monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object) -> None:
        raise KeyError("lost")

    monkeypatch.setattr("vallum.check.taint.calls.call_foreign", fail)
    examination = check_text({"a.py": BROKEN}, select=frozenset({"no-shell-injection"}))
    assert any("KeyError" in gap.why for gap in examination.gaps)


def read_blocks() -> list[str]:
    return [block for path in sorted(CASES.glob("*.py")) for block in path.read_text().split("# --- ")[1:]]


def mutate(text: str, seed: int) -> str:
    """Lines dropped, doubled, moved and swapped between programs."""
    chance = random.Random(seed)
    lines = text.split("\n")[1:]
    other = chance.choice(read_blocks()).split("\n")[1:]
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(lines))
        match chance.randrange(5):
            case 0:
                del lines[place : place + 2]
                lines = lines or ["pass"]
            case 1:
                lines.insert(place, lines[place])
            case 2:
                lines.insert(place, chance.choice(other))
            case 3:
                lines[place] = lines[place].replace(chance.choice("(.'="), chance.choice("([*.,"), 1)
            case _:
                lines[place] = "    " + lines[place]
    return "\n".join(lines)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**9), st.integers(0, 10**6))
def test_no_program_makes_the_analyser_fail(pick: int, seed: int):
    blocks = read_blocks()
    examination = check_text({"a.py": mutate(blocks[pick % len(blocks)], seed)}, select=FLOWS)
    assert not [gap for gap in examination.gaps if "analyser failed" in gap.why]


@pytest.mark.parametrize(
    "text",
    [
        "def f(x): return f(x)\nf(1)",
        "def f(x): return g(x)\ndef g(x): return f([x])\nf(1)",
        "x = []\nx.append(x)\nfor y in x: x.append(y)\nprint(x, f'{x}', *x)",
        "while True:\n    x = [x, x]\n",
        "class A(A): pass\nA().b.c()",
        "class A:\n    def __init__(self): self.a = self\n    def f(self): return self.a.f()\nA().f()",
        "import a\nfrom b import *\nfrom . import c\nfrom .... import d",
        "f = lambda g: g(g)\nf(f)",
        "d = {}\nd['d'] = d\n'{0[d][d]}'.format(d)\n'%(d)s' % d",
        "def f(*a, **k): return f(*a, *a, **k)\nf(*[1], **{'a': 1})",
        "try: raise\nexcept: raise\nfinally:\n    return_ = 1",
        "async def f():\n    async for x in y: yield x\n    return",
        "class A:\n    __call__ = None\n    def __init__(self): self.__call__ = self\nA()()",
        "x = 1\ndel x, x.y, x[0], x[1:2]\nx[1:2] = [x]\n(x, *y), z = x",
        "match x:\n    case [a, *_, b] | {'c': a, **b}: pass\n    case int(a) | str(b): pass",
    ],
)
def test_odd_programs_end_without_a_gap(text: str):
    assert check_text({"a.py": text, "b.py": "from a import *", "c.py": ""}, select=FLOWS).gaps == ()


def test_imports_in_a_circle_end():
    files = {"a.py": "import b\nfrom b import y\nx = b.y", "b.py": "import a\nfrom a import x\ny = a.x"}
    assert check_text(files, select=FLOWS).gaps == ()


def test_the_same_bytes_come_out_for_every_hash_seed():
    script = (
        "import sys, pathlib\n"
        "from vallum.check.run import check_text\n"
        "for path in sorted(pathlib.Path(sys.argv[1]).glob('*.py')):\n"
        "    for block in path.read_text().split('# --- ')[1:]:\n"
        "        print(check_text({'a.py': block.partition(chr(10))[2]}).remarks)\n"
    )
    outputs = set()
    for seed in ("0", "1", "4711"):
        done = subprocess.run(
            [sys.executable, "-c", script, str(CASES)],
            env={**os.environ, "PYTHONHASHSEED": seed, "COVERAGE_PROCESS_START": ""},
            capture_output=True,
            text=True,
            check=True,
        )
        outputs.add(done.stdout)
    assert len(outputs) == 1
    assert json.dumps(outputs.pop())


def test_the_order_of_files_changes_nothing():
    files = {"b.py": BROKEN, "a.py": BROKEN.replace("def f", "def g")}
    one = check_text(files, select=FLOWS).remarks
    other = check_text(dict(reversed(files.items())), select=FLOWS).remarks
    assert one == other


def test_packages_of_all_manifests_are_counted_once():
    files = {"requirements.txt": "flask==3.1.0\nredis==5.0.0\n", "web/requirements.txt": "flask==3.1.0\n"}
    assert check_text(files).counts.packages == 2
    assert check_text({"app.py": "x = 1\n"}).counts.packages is None
