import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft4Validator, FormatChecker

from tests.findings.strategies import reports
from vallum.findings.fingerprint import number_findings
from vallum.findings.formats.sarif.document import render
from vallum.findings.options import Options
from vallum.findings.report import Report

SCHEMA = json.loads((Path(__file__).parents[2] / "data" / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
VALIDATOR = Draft4Validator(SCHEMA, format_checker=FormatChecker())


def run_of(report: Report, options: Options | None = None) -> dict[str, Any]:
    log = json.loads(render(report, options or Options()))
    VALIDATOR.validate(log)
    run: dict[str, Any] = log["runs"][0]
    return run


def results_of(report: Report, control: str, options: Options | None = None) -> list[dict[str, Any]]:
    return [result for result in run_of(report, options)["results"] if result["ruleId"] == control]


@settings(max_examples=30)
@given(reports)
def test_every_report_fits_the_official_schema(report: Report):
    text = render(report, Options())
    assert text.isascii()
    VALIDATOR.validate(json.loads(text))


def test_schema_of_the_test_can_refuse(meadow: Report):
    log = json.loads(render(meadow, Options()))
    log["runs"][0]["results"][0]["level"] = "terrible"
    assert not VALIDATOR.is_valid(log)


def test_rules_carry_cwe_control_and_severity(meadow: Report):
    rules = {rule["id"]: rule for rule in run_of(meadow)["tool"]["driver"]["rules"]}
    assert len(rules) == 137
    sql = rules["sql-parameterised"]
    assert {"external/cwe/cwe-89", "external/cwe/cwe-564", "sql-parameterised"} <= set(sql["properties"]["tags"])
    assert sql["properties"]["security-severity"] == "9.5"
    assert sql["defaultConfiguration"]["level"] == "error"
    assert sql["help"]["markdown"].startswith("# Bind SQL values as parameters\n\n")
    assert "help" not in rules["hsts"]


def test_help_of_an_unknown_control_is_its_title(meadow: Report):
    verdict = next(verdict for verdict in meadow.verdicts if verdict.findings)
    foreign = replace(verdict, control=replace(verdict.control, id="not-in-the-catalogue", title="A title"))
    rule = run_of(replace(meadow, verdicts=(foreign,)))["tool"]["driver"]["rules"][0]
    assert rule["help"] == {"text": "A title", "markdown": "# A title\n\n`vallum explain not-in-the-catalogue`"}


def test_path_of_the_data_is_a_code_flow(meadow: Report):
    result = results_of(meadow, "sql-parameterised")[0]
    location = result["locations"][0]["physicalLocation"]
    assert location["artifactLocation"] == {"uri": "shop/catalog/queries.py", "uriBaseId": "SRCROOT"}
    assert location["region"]["startLine"] == 18
    steps = result["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [step["location"]["message"]["text"] for step in steps] == [
        'enters: request.query_params["sort"]',
        "passes: sort",
        "becomes text: {sort}",
        "runs as SQL: sql",
    ]
    assert [step["importance"] for step in steps] == ["essential", "important", "important", "essential"]
    assert result["properties"]["fix"]["after"][0].startswith("order = identifier(")


def test_fingerprints_are_those_of_the_findings(meadow: Report):
    verdict = next(verdict for verdict in meadow.verdicts if verdict.control.id == "sql-parameterised")
    names = [result["partialFingerprints"]["vallum/v1"] for result in results_of(meadow, "sql-parameterised")]
    assert names == list(number_findings(verdict.findings))


@pytest.mark.parametrize(
    ("app", "app_file", "expected"),
    [
        ("shop.main:app", "", {"uri": "shop/main.py", "uriBaseId": "SRCROOT"}),
        ("shop.main:app", "src/shop/main.py", {"uri": "src/shop/main.py", "uriBaseId": "SRCROOT"}),
        ("https://shop.example", "", {"uri": "https://shop.example"}),
        ("", "", {"uri": ".", "uriBaseId": "SRCROOT"}),
    ],
)
def test_a_probe_finding_has_request_route_and_a_file(
    meadow: Report, app: str, app_file: str, expected: dict[str, str]
):
    report = replace(meadow, subject=replace(meadow.subject, app=app))
    result = results_of(report, "object-ownership", Options(app_file=app_file))[0]
    location = result["locations"][0]
    assert location["physicalLocation"]["artifactLocation"] == expected
    assert location["logicalLocations"][0]["fullyQualifiedName"] == "GET /orders/{id} as ann"
    assert result["webRequest"]["target"] == "/orders/1002"
    assert result["webResponse"] == {"statusCode": 200, "properties": {"seen": ["200, the order of Ben"]}}


def test_gaps_are_notifications_and_the_run_tells_its_exit_status(meadow: Report):
    invocation = run_of(meadow)["invocations"][0]
    assert invocation["exitCode"] == 1
    assert invocation["startTimeUtc"] == "2026-11-21T14:05:00Z"
    assert len(invocation["toolExecutionNotifications"]) == 5
    assert invocation["toolExecutionNotifications"][2]["message"]["text"].startswith(
        "Could not look at shop/legacy/report.py: does not parse"
    )


def test_held_is_no_result_and_is_not_lost(meadow: Report):
    run = run_of(meadow)
    assert len(run["results"]) == 12
    assert {result["kind"] for result in run["results"]} == {"fail"}
    assert sum(verdict["verdict"] == "held" for verdict in run["properties"]["verdicts"]) == 101


def test_baseline_findings_are_suppressed(meadow: Report):
    verdict = next(verdict for verdict in meadow.verdicts if verdict.control.id == "sql-parameterised")
    known = frozenset(number_findings(verdict.findings)[:1])
    first, second = results_of(replace(meadow, known=known), "sql-parameterised")
    assert first["suppressions"] == [{"kind": "external", "justification": "baseline"}]
    assert "suppressions" not in second


def test_paths_are_encoded_and_messages_hold_no_links(meadow: Report):
    verdict = next(verdict for verdict in meadow.verdicts if verdict.control.id == "safe-redirect")
    finding = replace(
        verdict.findings[0],
        where=replace(verdict.findings[0].where, path="a b/ü:{1}.py", end_line=60, end_column=4),
        message="See [here](javascript:alert(1)) and {0}",
    )
    absolute = replace(finding, where=replace(finding.where, path="/srv/a.py"))
    broken = replace(verdict, findings=(finding, absolute))
    first, second = results_of(replace(meadow, verdicts=(broken,)), "safe-redirect")
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%20b/%C3%BC%3A%7B1%7D.py"
    assert (place["region"]["endLine"], place["region"]["endColumn"]) == (60, 4)
    assert first["message"]["text"].startswith("See [here] (javascript:alert(1)) and {{0}}")
    assert second["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "file:///srv/a.py"}


def test_an_end_that_is_not_known_is_left_out(meadow: Report):
    verdict = next(verdict for verdict in meadow.verdicts if verdict.control.id == "safe-redirect")
    finding = verdict.findings[0]
    ends = ((58, 0), (58, 1), (70, 0))
    wheres = [replace(finding.where, text="", end_line=line, end_column=column) for line, column in ends]
    broken = replace(verdict, findings=tuple(replace(finding, where=where) for where in wheres))
    for result in results_of(replace(meadow, verdicts=(broken,)), "safe-redirect"):
        region = result["locations"][0]["physicalLocation"]["region"]
        assert "endColumn" not in region
        assert "snippet" not in region


def test_an_act_without_an_answer_claims_none(meadow: Report):
    verdict = next(verdict for verdict in meadow.verdicts if verdict.control.id == "object-ownership")
    finding = verdict.findings[0]
    silent = replace(finding, where=replace(finding.where, curl="", status=0), seen=())
    told = replace(silent, seen=("the connection was closed",))
    first, second = results_of(
        replace(meadow, verdicts=(replace(verdict, findings=(silent, told)),)), verdict.control.id
    )
    assert "webResponse" not in first
    assert "properties" not in first["webRequest"]
    assert second["webResponse"] == {"properties": {"seen": ["the connection was closed"]}}
