import pytest

from vallum.findings.examination import Examination, Progress, show_nothing
from vallum.findings.report import Counts


def test_an_examination_without_counts_claims_none():
    assert Examination(remarks=()).counts == Counts()
    assert Examination(remarks=()).gaps == ()


def test_a_run_that_nobody_watches_says_nothing(capsys: pytest.CaptureFixture[str]):
    watcher: Progress = show_nothing
    watcher("checking", 1, 2)
    assert capsys.readouterr() == ("", "")
