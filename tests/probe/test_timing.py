"""Two series of times are told apart only where chance does not do it."""

import pytest

from vallum.probe.timing import Times, compare_times, is_open

SLOW = [0.050, 0.052, 0.049, 0.055] * 2
FAST = [0.010, 0.011, 0.012, 0.010] * 2


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        (SLOW, FAST, Times.APART),
        (FAST, SLOW, Times.APART),
        (SLOW, [0.051, 0.050, 0.053, 0.049], Times.ALIKE),
        (SLOW, [0.051, 0.250, 0.353, 0.049], Times.ALIKE),  # a busy machine
        ([0.001, 0.002, 0.001], [0.004, 0.004, 0.004], Times.ALIKE),  # less than noise
        (SLOW, [0.038, 0.039, 0.040, 0.040], Times.UNCLEAR),
        ([0.012, 0.012, 0.012], [0.018, 0.018, 0.018], Times.UNCLEAR),  # a third, and only 6 ms
        (SLOW[:7], FAST[:7], Times.UNCLEAR),
        (SLOW[:2], FAST[:2], Times.UNCLEAR),
        (SLOW, [0.040, *[0.250] * 7], Times.UNCLEAR),
        ([], FAST, Times.UNCLEAR),
    ],
)
def test_verdict(first, second, verdict):
    assert compare_times(first, second).verdict is verdict


def test_the_medians_are_told_in_milliseconds():
    assert compare_times(SLOW, FAST).told == "51.0 ms and 10.5 ms in the median"


def test_more_tries_are_worth_it_until_the_times_are_alike_or_there_were_enough():
    assert is_open(SLOW[:4], FAST[:4])
    assert not is_open(SLOW[:4], SLOW[:4])
    assert not is_open(SLOW * 2, FAST * 2)
    assert not is_open(SLOW, [])
