import pytest

from vallum.check.read.source import make_source
from vallum.check.readings.pipelines import is_github, is_pipeline, run_lines

FLOW = """on: push
jobs:
  a:
    steps:
      - name: echo in a name
        run: make test  # a comment
      - run: |
          echo one
          # left out
          echo two
        env:
          A: b
      - uses: actions/checkout@v4
"""


def test_commands_of_a_workflow():
    source = make_source(".github/workflows/ci.yml", FLOW)
    assert [(number, text.strip()) for number, text in run_lines(source)] == [
        (6, "make test"), (8, "echo one"), (10, "echo two"),
    ]  # fmt: skip


def test_commands_of_gitlab():
    source = make_source(".gitlab-ci.yml", "scan:\n  script:\n    - one\n    - two\n  rules:\n    - if: x\n")
    assert [text.strip() for _, text in run_lines(source)] == ["- one", "- two"]


@pytest.mark.parametrize(
    ("path", "pipeline", "github"),
    [
        (".github/workflows/ci.yml", True, True),
        ("service/.gitlab-ci.yml", True, False),
        (".circleci/config.yml", True, False),
        ("compose.yaml", False, False),
        (".github/dependabot.yml", False, False),
    ],
)
def test_which_files_are_pipelines(path, pipeline, github):
    source = make_source(path, "a: b\n")
    assert (is_pipeline(source), is_github(source)) == (pipeline, github)
