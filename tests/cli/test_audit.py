import json

import pytest

BROKEN_PYTHON = "def broken(:\n"


def test_clean_project_without_an_app_is_status_0(vallum, project):
    project("shop/prices.py", "PRICE = 3\n")
    status, out, _ = vallum("audit", "shop")
    assert status == 0
    assert "0 broken" in out
    assert out.endswith("exit status 0\n")


def test_broken_code_is_status_1_with_its_place(vallum, broken):
    status, out, _ = vallum("audit", "shop")
    assert status == 1
    assert "no-shell-injection" in out
    assert "shop/views.py:11" in out


def test_unreadable_file_is_status_3_and_listed(vallum, project):
    project("shop/bad.py", BROKEN_PYTHON)
    status, out, _ = vallum("audit", "shop")
    assert status == 3
    assert "shop/bad.py" in out


def test_failed_login_is_status_3_and_listed(vallum, app, project, monkeypatch):
    monkeypatch.setenv("ANN_PASSWORD", "correct horse")
    project(
        "vallum.toml",
        'app = "meadow:app"\n[[identities]]\nname = "ann"\nfields = { username = "ann" }\n'
        'secrets = { password = "ANN_PASSWORD" }\n',
    )
    status, out, _ = vallum("audit", ".", "--format", "json")
    report = json.loads(out)
    assert status in {1, 3}
    assert any("ann" in gap["what"] for gap in report["gaps"])
    assert "correct horse" not in out


def test_identity_without_its_variable_is_status_2(vallum, app, project, monkeypatch):
    monkeypatch.delenv("ANN_PASSWORD", raising=False)
    project(
        "vallum.toml",
        'app = "meadow:app"\n[[identities]]\nname = "ann"\nsecrets = { password = "ANN_PASSWORD" }\n',
    )
    status, _, err = vallum("audit", ".")
    assert status == 2
    assert "ANN_PASSWORD, which is not set" in err


def test_budget_that_is_hit_is_listed(vallum, app, project):
    project("vallum.toml", 'app = "meadow:app"\nrequests = 3\n')
    status, out, _ = vallum("audit", ".", "--format", "json")
    report = json.loads(out)
    assert report["gaps"]
    assert status == report["exit_status"] != 0


def test_audit_joins_what_check_and_probe_saw(vallum, app, project):
    status, out, _ = vallum("audit", ".", "--app", "meadow:app", "--format", "json")
    report = json.loads(out)
    verdicts = {entry["control"]: entry for entry in report["verdicts"]}
    assert status == report["exit_status"] == 1
    assert verdicts["nosniff"]["verdict"] == "broken"
    assert len(verdicts) >= 137
    assert {entry["verdict"] for entry in verdicts.values()} <= {"held", "broken", "unproven"}
    assert all(
        set(entry) >= {"control", "area", "verdict", "reason", "evidence", "findings"} for entry in verdicts.values()
    )


def test_select_narrows_the_ledger(vallum, broken):
    out = vallum("check", "shop", "--control", "no-shell-injection", "--format", "json")[1]
    assert [entry["control"] for entry in json.loads(out)["verdicts"]] == ["no-shell-injection"]


def test_select_of_an_unknown_control_is_status_2(vallum, broken):
    status, _, err = vallum("check", "shop", "--control", "no-shell-injektion")
    assert status == 2
    assert "Did you mean no-shell-injection" in err


def test_severity_floor_spares_the_exit_status(vallum, app, project):
    project("vallum.toml", 'severity = "critical"\n')
    assert vallum("probe", "meadow:app", "--control", "nosniff")[0] == 0
    project("vallum.toml", 'severity = "medium"\n')
    assert vallum("probe", "meadow:app", "--control", "nosniff")[0] == 1


def test_baseline_spares_what_is_known_and_nothing_new(vallum, broken, project):
    status, out, _ = vallum("baseline", "shop")
    assert status == 0
    assert "written to vallum-baseline.txt" in out
    project("vallum.toml", 'baseline = "vallum-baseline.txt"\n')
    assert vallum("check", "shop")[0] == 0
    project("shop/more.py", broken.read_text().replace("ping -c 1", "dig"))
    assert vallum("check", "shop")[0] == 1


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("r.html", "<!doctype html>"),
        ("r.json", "{"),
        ("r.sarif", "{"),
        ("r.xml", "<?xml"),
        ("deep/r.md", "#"),
    ],
)
def test_output_follows_its_name(vallum, broken, tmp_path, name, start):
    status, out, _ = vallum("check", "shop", "--output", name)
    assert status == 1
    assert out
    assert (tmp_path / name).read_text().lower().lstrip().startswith(start)


def test_format_and_output_together_write_only_the_file(vallum, broken, tmp_path):
    status, out, _ = vallum("check", "shop", "--format", "sarif", "--output", "log.txt")
    assert (status, out) == (1, "")
    assert json.loads((tmp_path / "log.txt").read_text())["version"] == "2.1.0"


def test_output_that_cannot_be_written_is_status_2(vallum, broken, project):
    project("taken", "a file")
    status, _, err = vallum("check", "shop", "--output", "taken/report.html")
    assert status == 2
    assert "cannot be written" in err


def test_settings_name_what_is_read_and_where(vallum, broken, project):
    project("vallum.toml", 'paths = ["shop"]\nexclude = ["shop/views.py"]\n')
    assert vallum("check")[0] == 0
    project("vallum.toml", 'paths = ["shop"]\n')
    assert vallum("check")[0] == 1
    assert vallum("audit", ".")[0] == 1


def test_newest_verdict_can_be_explained(vallum, broken):
    vallum("check", "shop")
    status, out, _ = vallum("explain", "no-shell-injection", "--last")
    assert status == 0
    assert "shop/views.py:11" in out
    assert vallum("check", "shop", "--control", "no-shell-injection")[0] == 1
    status, _, err = vallum("explain", "csrf", "--last")
    assert status == 2
    assert "says nothing about csrf" in err


def test_explain_shows_the_page_and_what_implements_it(vallum):
    status, out, _ = vallum("explain", "safe-redirect")
    assert status == 0
    assert "vallum.guard.output.redirects" in out
    assert "Promise" in out
    assert "Known gaps" in out


CHATTY = """
import logging
import sys

from fastapi import FastAPI

print("canary on stdout")
logging.basicConfig(stream=sys.stderr, level="DEBUG")
app = FastAPI()


@app.get("/")
async def home() -> str:
    print("canary on stdout")
    logging.getLogger("shop").warning("canary on stderr")
    return "hello"
"""


def test_what_the_app_prints_stays_out_of_the_report(vallum, project, monkeypatch):
    project("chatty.py", CHATTY)
    _, out, err = vallum("probe", "chatty:app", "--format", "json")
    assert json.loads(out)["exit_status"] == 1
    assert "canary" not in err
    monkeypatch.setenv("VALLUM_DEBUG", "1")
    assert "canary on stdout" in vallum("probe", "chatty:app")[1]
