"""The budget of request bodies."""

import pytest

from webserver.bodies import BodyBudget, BudgetSpent


def test_a_holder_has_half_and_all_together_have_the_whole() -> None:
    budget = BodyBudget(100)
    with budget.holding("a") as a, budget.holding("b") as b, budget.holding("c") as c:
        a.take(50)
        with pytest.raises(BudgetSpent):
            a.take(1)
        b.expect(50)
        b.take(40)
        with pytest.raises(BudgetSpent):
            c.expect(11)
        c.take(10)
        assert budget.held == 100
        c.take(0)  # the end of a body
        with budget.holding("d") as d:
            d.expect(0)
    assert budget.held == 0 and budget.room("a") == 50


def test_what_was_declared_reserves_nothing() -> None:
    budget = BodyBudget(100)
    with budget.holding("a") as one, budget.holding("a") as two:
        one.expect(50)
        two.expect(50)
        assert budget.held == 0


def test_bytes_are_given_back_after_an_error() -> None:
    budget = BodyBudget(100)
    with pytest.raises(ConnectionError), budget.holding("a") as body:
        body.take(30)
        raise ConnectionError
    assert budget.held == 0
