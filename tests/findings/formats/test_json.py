import copy
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator, FormatChecker

from tests.findings.strategies import reports
from vallum.findings.formats.json.document import read_schema, render
from vallum.findings.formats.json.reader import ReportError, read_report
from vallum.findings.options import Options
from vallum.findings.report import AccessTable, Report


def strict(schema: Any) -> Any:
    """The schema with every object closed, so that a key which nobody described is found."""
    closed = copy.deepcopy(schema)

    def close(node: Any) -> None:
        if isinstance(node, dict):
            if node.get("type") == "object":
                node["additionalProperties"] = False
            for child in node.values():
                close(child)
        elif isinstance(node, list):
            for child in node:
                close(child)

    close(closed)
    return closed


VALIDATOR = Draft202012Validator(strict(read_schema()), format_checker=FormatChecker())


def test_schema_is_a_schema():
    Draft202012Validator.check_schema(read_schema())


@settings(max_examples=40)
@given(reports)
def test_every_report_fits_the_schema_and_reads_back_the_same(report: Report):
    text = render(report, Options())
    VALIDATOR.validate(json.loads(text))
    assert read_report(text) == report
    assert all(" " <= character <= "\x7f" or character == "\n" for character in text)


def test_schema_refuses_a_fourth_verdict(meadow: Report):
    document = json.loads(render(meadow, Options()))
    document["verdicts"][0]["verdict"] = "passed"
    assert not VALIDATOR.is_valid(document)


def test_contract_of_the_design(meadow: Report):
    document = json.loads(render(meadow, Options()))
    assert document["exit_status"] == 1
    assert document["totals"] == {"controls": 137, "broken": 10, "unproven": 26, "held": 101}
    by_id = {verdict["control"]: verdict for verdict in document["verdicts"]}
    assert {"control", "area", "verdict", "reason", "evidence", "findings"} <= by_id["hsts"].keys()
    assert by_id["db-tls"]["verdict"] == "unproven"
    assert by_id["db-tls"]["reason"] == "could not look"
    assert by_id["sql-parameterised"]["reason"] == "The sort order of the product list becomes SQL text."
    assert by_id["hsts"]["reason"] == "all that was examined or tried was well"


def test_unknown_keys_are_kept_out_of_the_way(meadow: Report):
    document = json.loads(render(meadow, Options()))
    document["new_in_a_later_version"] = True
    assert read_report(json.dumps(document)) == meadow


@pytest.mark.parametrize("text", ["", "not json", "[]", "{}", '{"vallum_report": 99}', "[" * 100_000])
def test_other_texts_are_refused_with_a_hint(text: str):
    with pytest.raises(ReportError, match="--format json"):
        read_report(text)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("run",), None),
        (("verdicts", 0, "verdict"), "passed"),
        (("verdicts", 0, "area"), "astrology"),
        (("verdicts", 0, "severity"), "amber"),
        (("verdicts", 0, "sites", 0, "where"), {}),
        (("gaps", 0), 7),
    ],
)
def test_damaged_report_is_refused_in_one_line(meadow: Report, path: tuple[Any, ...], value: Any):
    document = json.loads(render(meadow, Options()))
    node = document
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    with pytest.raises(ReportError) as refused:
        read_report(json.dumps(document))
    assert "\n" not in str(refused.value)


def test_who_may_call_what_is_written_and_read_back(meadow: Report):
    table = AccessTable(
        columns=("(visitor)", "admin"), rows=(("GET /", ("yes", "yes")), ("GET /admin", ("no", "proof")))
    )
    report = replace(meadow, access=table)
    document = json.loads(render(report, Options()))
    VALIDATOR.validate(document)
    assert document["access"]["rows"][1] == {"route": "GET /admin", "answers": ["no", "proof"]}
    assert read_report(json.dumps(document)) == report
    del document["access"]
    assert read_report(json.dumps(document)) == meadow
