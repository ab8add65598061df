"""Requests and seconds run out."""

import pytest

from vallum.probe.collect.budget import Budget, BudgetSpentError


def test_requests_run_out():
    budget = Budget(2, 60, lambda: 0.0)
    budget.spend()
    budget.spend()
    with pytest.raises(BudgetSpentError, match="the budget of 2 requests is spent"):
        budget.spend()
    assert budget.spent == 2


def test_seconds_run_out():
    now = [0.0]
    budget = Budget(100, 60, lambda: now[0])
    budget.spend()
    now[0] = 61.0
    with pytest.raises(BudgetSpentError, match="60 seconds is spent after 1 requests"):
        budget.spend()
