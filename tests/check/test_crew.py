"""Forks do the same as one process, whatever becomes of them, and the check says the same for any number of them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from vallum.check import crew
from vallum.check.crew import count_cores, deal

CASES = Path(__file__).parents[1] / "cases" / "flows"
WORK = """
import os, json
from vallum.check.crew import deal
home = os.getpid()
def die():
    if os.getpid() != home:
        os._exit(9)
    return "died"
def fail():
    raise OSError("fails everywhere")
def flaky():
    if os.getpid() != home:
        raise OSError("fails in a fork")
    return "flaky"
tasks = [(lambda n=n: (n, os.getpid() == home)) for n in range(8)]
told = []
one = deal([die, *tasks, flaky], 3, told.append)
try:
    deal([fail, *tasks], 2, told.append)
except OSError as error:
    one.append(str(error))
print(json.dumps([one, sorted(set(told))]))
"""
CHECK = """
import hashlib, json, sys
from pathlib import Path
from vallum.check import run
from vallum.check.cache.packing import pack_examination
from vallum.check.read import tree
run._WORTH_FORKING = 0
jobs, shuffled, cache, *controls = sys.argv[1:]
if shuffled == "yes":
    walk = tree._walk
    tree._walk = lambda *arguments: reversed(list(walk(*arguments)))
policy = run.CheckPolicy(jobs=int(jobs), select=frozenset(controls), cache=Path(cache) if cache else None)
found = pack_examination(run.check(policy))
print(hashlib.sha256(found).hexdigest(), len(found))
"""
SELECT = ("no-shell-injection", "sql-parameterised", "no-hardcoded-secrets", "html-escaped", "cookie-flags")


def test_what_a_fork_does_not_answer_is_done_here():
    done = subprocess.run([sys.executable, "-c", WORK], capture_output=True, text=True, check=True)
    one, told = json.loads(done.stdout)
    assert [one[0], *one[-2:]] == ["died", "flaky", "fails everywhere"]
    assert [number for number, _ in one[1:9]] == list(range(8))
    assert not all(here for _, here in one[1:9])
    assert told[-1] == 9


def test_without_forks_everything_is_done_in_order(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(crew, "can_fork", lambda: False)
    told: list[int] = []
    assert deal([os.getpid, os.getpid], 4, told.append) == [os.getpid()] * 2
    assert told == [0, 1]


def test_the_cores_are_counted(monkeypatch: pytest.MonkeyPatch):
    assert count_cores() >= 1
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert count_cores() == 1


def test_jobs_hash_seeds_order_and_memory_change_nothing(tmp_path: Path):
    memory = str(tmp_path / "memory" / "cache")
    (tmp_path / "memory").mkdir()
    runs = [("1", "no", "", "1"), ("3", "yes", memory, "2"), ("2", "no", memory, "3")]
    answers = []
    for jobs, shuffled, cache, seed in runs:
        environment = {**os.environ, "PYTHONHASHSEED": seed, "XDG_CACHE_HOME": str(tmp_path / "home")}
        command = [sys.executable, "-c", CHECK, jobs, shuffled, cache, *SELECT]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=CASES, env=environment)
        answers.append(done.stdout)
    assert answers[0] == answers[1] == answers[2]
    assert int(answers[0].split()[1]) > 2000
    assert len(list((tmp_path / "memory" / "cache").glob("*.entry"))) == 1
