"""Means over few repetitions and the studentized range, against SciPy and by simulation."""

import numpy as np
import pytest
from scipy import stats

from passk.analysis.studentized_range import mean_interval, studentized_range


@pytest.mark.parametrize("quantities", [2, 3, 6, 12])
@pytest.mark.parametrize(("freedom", "level"), [(1, 0.95), (2, 0.5), (2, 0.999), (4, 0.95)])
def test_the_studentized_range_is_scipys(quantities, freedom, level):
    expected = stats.studentized_range.ppf(level, quantities, freedom)
    assert studentized_range(quantities, freedom, level) == pytest.approx(expected, rel=2e-4)


@pytest.mark.parametrize("count", [2, 3, 10])
def test_limits_of_a_mean_are_students(count):
    values = np.random.default_rng(count).normal(size=count)
    expected = stats.t.interval(0.9, count - 1, values.mean(), stats.sem(values))
    assert mean_interval(values, 0.9) == pytest.approx(expected, rel=1e-4)


def test_equal_values_have_limits_of_no_width():
    assert mean_interval([0.25, 0.25, 0.25]) == (0.25, 0.25)


def test_equal_quantities_span_more_in_five_of_a_hundred_cases():
    rng = np.random.default_rng(0)
    deviation = rng.normal(size=(40_000, 3)).std(axis=1, ddof=1)
    spans = np.ptp(rng.normal(size=(40_000, 6)), axis=1)
    assert (spans > studentized_range(6, 2) * deviation).mean() == pytest.approx(0.05, abs=0.004)


@pytest.mark.parametrize(("quantities", "freedom"), [(1, 2), (3, 0)])
def test_one_quantity_or_one_repetition_has_no_range(quantities, freedom):
    with pytest.raises(
        ValueError, match=f"quantities = {quantities}, freedom = {freedom}: a range"
    ):
        studentized_range(quantities, freedom)
