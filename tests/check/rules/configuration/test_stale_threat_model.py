import pytest

SLUG = "stale-threat-model"
MODEL = """
    reviewed = 2026-11-02
    boundaries = ["browser to web"]

    [[abuse_case]]
    title = "a"
    controls = ["hsts"]

    [[accepted_risk]]
    title = "b"
    owner = "c"
    expires = 2027-01-01
"""
NAME = "docs/threat-model.toml"


def test_a_sound_model(lines):
    assert lines(SLUG, {NAME: MODEL}) == [[], [f"{NAME}:1"]]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("2026-11-02", "2024-11-02", 1),
        ("reviewed = 2026-11-02", "", 1),
        ('["browser to web"]', "[]", 2),
        ('controls = ["hsts"]', "", 4),
        ('owner = "c"', "", 8),
        ("2027-01-01", "2026-01-01", 8),
        ("[[abuse_case]]", "[[other]]", 1),
    ],
)
def test_what_is_open_in_a_model(lines, old, new, line):
    assert f"{NAME}:{line}" in lines(SLUG, {NAME: MODEL.replace(old, new)})[0]


def test_a_year_after_the_review(judge):
    assert not judge(SLUG, {NAME: MODEL.replace("2027", "2030")}, day="2027-11-03").findings
    assert judge(SLUG, {NAME: MODEL.replace("2027", "2030")}, day="2027-11-04").findings


def test_yaml(lines):
    text = """
        reviewed: 2026-11-02
        boundaries: [a]
        abuse_cases:
          - title: x
            controls: [hsts]
          - title: y
        accepted_risks:
          - title: z
    """
    assert lines(SLUG, {"threat_model.yaml": text})[0] == ["threat_model.yaml:6", "threat_model.yaml:8"]


def test_prose(lines):
    assert lines(SLUG, {"docs/threat-model.md": "# Model\n\nReviewed: 2026-03-01\n"}) == [
        [],
        ["docs/threat-model.md:1"],
    ]
    assert lines(SLUG, {"docs/threat-model.md": "# Model\n\nLast reviewed: 2020-03-01\n"})[0] == [
        "docs/threat-model.md:3"
    ]


def test_a_model_that_cannot_be_read(judge):
    assert judge(SLUG, {NAME: "a = [\n"}).silences


def test_a_deployed_service_without_a_model(lines, judge):
    files = {"app.py": "from fastapi import FastAPI\napp = FastAPI()\n", "Dockerfile": "FROM x\n"}
    assert lines(SLUG, files) == [[2], []]
    compose = {"app.py": files["app.py"], "compose.yaml": "services:\n  a:\n    build: .\n"}
    assert lines(SLUG, compose) == [[2], []]
    assert judge(SLUG, files["app.py"]).silences
