import pytest

from vallum.findings.finding import Silence

SLUG = "pipeline-secret-exposed"
NAME = ".github/workflows/ci.yml"
FLOW = """on: {on}
jobs:
  a:
    env:
      {job}
    steps:
      - run: {run}
        env:
          {step}
"""
SECRET = "${{ secrets.DEPLOY_TOKEN }}"


def flow(on="push", job="A: b", run="make", step="A: b"):
    return {NAME: FLOW.format(on=on, job=job, run=run, step=step)}


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"job": f"DEPLOY_TOKEN: {SECRET}"}, 5),
        ({"job": "DB_PASSWORD: tulip-harbour-9921"}, 5),
        ({"step": "DB_PASSWORD: tulip-harbour-9921"}, 9),
        ({"run": f'echo "{SECRET}"'}, 7),
        ({"run": "echo $DEPLOY_TOKEN"}, 7),
        ({"run": f"./deploy --token {SECRET}"}, 7),
        ({"run": "curl -u deploy:tulip-harbour-9921 https://a.internal"}, 7),
        ({"on": "pull_request_target", "run": "git checkout ${{ github.event.pull_request.head.sha }}"}, 1),
    ],
)
def test_exposed(lines, changes, line):
    assert lines(SLUG, flow(**changes))[0] == [f"{NAME}:{line}"]


@pytest.mark.parametrize(
    "changes",
    [
        {"step": f"DEPLOY_TOKEN: {SECRET}"},
        {"run": "echo $DEPLOY_TOKEN | docker login --password-stdin"},
        {"run": "echo done"},
        {"on": "pull_request_target"},
        {"job": "PAGE_TOKEN: ${{ github.token }}"},
    ],
)
def test_well(lines, changes):
    assert lines(SLUG, flow(**changes))[0] == []


def test_step_secrets_are_examined(lines):
    assert lines(SLUG, flow(step=f"DEPLOY_TOKEN: {SECRET}")) == [[], [f"{NAME}:9"]]


def test_other_files(lines):
    assert lines(SLUG, {".npmrc": "//n.internal/:_authToken=f3Kq8ZtLw2VxN7pR\n"}) == [[".npmrc:1"], []]
    assert lines(SLUG, {".npmrc": "//n.internal/:_authToken=${NPM_TOKEN}\n"}) == [[], [".npmrc:1"]]
    assert lines(SLUG, {"Jenkinsfile": "sh 'curl -u a:tulip-harbour-99 https://b'\n"}) == [["Jenkinsfile:1"], []]
    assert lines(SLUG, {"Jenkinsfile": "environment { T = credentials('deploy') }\n"}) == [[], ["Jenkinsfile:1"]]
    assert lines(SLUG, {".pypirc": "password = f3Kq8ZtLw2VxN7pR\n"}) == [[".pypirc:1"], []]


def test_the_value_is_never_shown(judge):
    for found in judge(SLUG, flow(job="DB_PASSWORD: tulip-harbour-9921")).findings:
        assert "tulip" not in f"{found.where.text}{found.reason}"


def test_projects_without_pipelines(judge):
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
