"""Counts against exact chances: right ones pass, shifted ones are found."""

import numpy as np
import pytest

from passk.pipeline.stages.fit import find_misfit

CHANCES = np.array([0.0, 0.003, 0.02, 0.2, 0.5, 0.8, 1.0] * 8)
NOTHING = np.zeros(len(CHANCES))


def draw(seed, chances=CHANCES, n=256):
    generator = np.random.default_rng(seed)
    return np.full(len(chances), n), generator.binomial(n, chances)


def test_counts_of_their_chances_fit():
    assert not any(find_misfit(*draw(seed), CHANCES, NOTHING) for seed in range(300))


def test_a_right_answer_that_cannot_be_drawn_is_found():
    n, c = draw(1)
    c[0] = 1
    misfit = find_misfit(n, c, CHANCES, NOTHING)
    assert misfit is not None
    assert misfit.problem == 0
    # It may come from what was not expanded.
    assert find_misfit(n, c, CHANCES, np.full(len(CHANCES), 1e-3)) is None


def test_one_problem_far_off_is_found():
    n, c = draw(2)
    c[4] = 40  # of 256, at one half
    assert find_misfit(n, c, CHANCES, NOTHING).problem == 4


@pytest.mark.parametrize("shift", [0.06, -0.06])
def test_small_shifts_of_all_problems_are_found_together(shift):
    chances = np.full(60, 0.5)
    n, c = draw(3, chances + shift)
    single = [find_misfit(n[:1], c[i : i + 1], chances[:1], np.zeros(1)) for i in range(60)]
    assert sum(one is not None for one in single) < 5
    assert find_misfit(n, c, chances, np.zeros(60)) is not None


def test_nothing_fits_nothing():
    assert find_misfit(*(np.array([]) for _ in range(4))) is None
