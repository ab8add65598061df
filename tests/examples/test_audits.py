"""The main job on real input: what `vallum audit` says of the leaky and the sound Notes."""

import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import jsonschema
import pytest

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "tests" / "data" / "sarif-schema-2.1.0.json"
FLAWS = ROOT / "examples" / "notes" / "leaky" / "FLAWS.md"


@pytest.fixture(scope="module")
def audit(tmp_path_factory):
    """Audit an example as a user does; gives (exit status, JSON report, SARIF log, terminal text)."""
    folder = tmp_path_factory.mktemp("audits")
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("NOTES_", "VALLUM_")) and name != "CI"
    }

    @cache
    def run(name):
        report, log = folder / f"{name}.json", folder / f"{name}.sarif"
        command = [sys.executable, "-m", "vallum.cli", "audit", f"examples/notes/{name}"]
        command += ["--app", f"examples.notes.{name}:app", "--output", str(report), "--output", str(log)]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        assert done.stderr == ""
        return done.returncode, json.loads(report.read_text()), json.loads(log.read_text()), done.stdout

    return run


def outcomes(report, outcome):
    return {entry["control"]: entry for entry in report["verdicts"] if entry["verdict"] == outcome}


def test_leaky_breaks_the_whole_first_slice(audit, first_slice):
    status, report, _, text = audit("leaky")
    broken = outcomes(report, "broken")
    assert status == 1
    assert set(broken) >= first_slice
    assert f"{len(broken)} broken" in text


def test_every_finding_in_leaky_has_its_place_and_is_a_true_one(audit):
    broken = outcomes(audit("leaky")[1], "broken")
    listed = set(re.findall(r"^\| `?([a-z0-9-]+)`? \|", FLAWS.read_text(), flags=re.MULTILINE))
    assert set(broken) <= listed
    for entry in broken.values():
        assert entry["findings"]
        for finding in entry["findings"]:
            where = finding["where"]
            if "line" in where:
                assert (ROOT / where["path"]).is_file()
                assert 1 <= where["line"] <= len((ROOT / where["path"]).read_text().splitlines())
            else:
                assert where["method"]
                assert where["path"].startswith("/")


def test_everything_of_leaky_was_looked_at(audit):
    assert audit("leaky")[1]["gaps"] == []


def test_sarif_of_leaky_fits_the_official_schema(audit):
    log = audit("leaky")[2]
    jsonschema.validate(log, json.loads(SCHEMA.read_text()))
    tags = {tag for rule in log["runs"][0]["tool"]["driver"]["rules"] for tag in rule["properties"]["tags"]}
    assert "external/cwe/cwe-89" in tags


def test_no_password_of_the_identities_is_in_any_report(audit):
    _, report, log, text = audit("leaky")
    secrets = re.findall(r"(?:password|token)=[A-Za-z0-9_-]{43}", json.dumps([report, log]) + text)
    assert secrets == []


def test_sound_breaks_nothing_and_proves_much(audit):
    status, report, _, text = audit("sound")
    held, unproven = outcomes(report, "held"), outcomes(report, "unproven")
    assert outcomes(report, "broken") == {}
    assert (status, report["gaps"]) == (0, [])
    assert len(held) >= 48
    assert text.endswith("exit status 0\n")
    for entry in held.values():
        assert re.search(r"\d", entry["evidence"]), entry
    for entry in unproven.values():
        assert entry["reason"] in {"nothing examined", "could not look", "does not apply"}


def test_sound_holds_what_leaky_breaks(audit):
    leaky, sound = audit("leaky")[1], audit("sound")[1]
    held = outcomes(sound, "held")
    assert len(set(outcomes(leaky, "broken")) & set(held)) >= 25
