import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.guard.http.rate_desk import announce_rates
from vallum.guard.http.rate_policy import limit_route
from vallum.guard.http.rates import Rate, read_rate, remaining_units, seconds_until

SECOND = 1_000_000


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("10/minute", Rate(10, 60, 10)),
        ("5/15 minutes", Rate(5, 900, 5)),
        ("1/second", Rate(1, 1, 1)),
        ("1000 / 2 days", Rate(1000, 172_800, 1000)),
        ("20/hour burst 5", Rate(20, 3600, 5)),
    ],
)
def test_reads_rates(text: str, rate: Rate) -> None:
    assert read_rate(text) == rate


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10",
        "10/fortnight",
        "0/minute",
        "-1/minute",
        "1.5/minute",
        "10/0 minutes",
        "10/minute\n",
        "\u0661\u0660/minute",
        "10/minute burst 0",
        "10/minute burst 11",
        "5/32 days",
        "2000000/second",
        "10 per minute",
    ],
)
def test_refuses_what_is_not_a_rate(text: str) -> None:
    with pytest.raises(ConfigError):
        read_rate(text)


@given(count=st.integers(1, 1_000_000), seconds=st.integers(1, 31 * 86_400))
def test_a_rate_is_never_exceeded(count: int, seconds: int) -> None:
    rate = Rate(count, seconds, count)
    assert rate.interval * count >= seconds * SECOND
    assert (rate.interval - 1) * count < seconds * SECOND, "and no more is lost than rounding needs"


def test_a_burst_bounds_what_passes_at_once() -> None:
    charge = read_rate("60/minute burst 5").charge("search")
    assert (charge.interval, charge.tolerance) == (SECOND, 5 * SECOND)


@pytest.mark.parametrize("cost", [0, -5])
def test_a_cost_pays_nothing_off(cost: int) -> None:
    with pytest.raises(ConfigError, match="cost"):
        read_rate("10/minute").charge("search", cost)


@pytest.mark.parametrize("name", ["", 'a"b', "a b", "ä", "a\\b", "x" * 201, "a\r\nb"])
def test_a_name_fits_into_a_header(name: str) -> None:
    with pytest.raises(ConfigError, match="name"):
        read_rate("10/minute").charge(name)


@pytest.mark.parametrize(
    ("debt", "left", "wait"),
    [(0, 10, 0), (1, 9, 1), (6 * SECOND, 9, 6), (7 * SECOND, 8, 1), (60 * SECOND, 0, 6), (54 * SECOND + 1, 0, 1)],
)
def test_tells_what_is_left_and_when_there_is_more(debt: int, left: int, wait: int) -> None:
    limit = limit_route("10/minute", name="search")
    assert remaining_units(limit.charge, debt) == left
    assert announce_rates([limit], [debt]) == [
        (b"ratelimit-policy", b'"search";q=10;w=60'),
        (b"ratelimit", f'"search";r={left};t={wait}'.encode()),
    ]


@pytest.mark.parametrize(("cost", "debt", "seconds"), [(1, 60, 6), (1, 54.2, 1), (4, 60, 24), (10, 1, 1), (11, 60, 60)])
def test_tells_when_to_come_back(cost: int, debt: float, seconds: int) -> None:
    charge = read_rate("10/minute").charge("search", cost)
    assert seconds_until(charge, int(debt * SECOND)) == seconds
