"""Metrics on counts: closed forms, properties, and equality with the paper's own product."""

import doctest
from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom

from passk.analysis import metrics
from passk.analysis.metrics import HISTOGRAM_LABELS, at_least, histogram_bin, pass_at_k


def papers_product(n: int, c: int, k: int) -> float:
    """The estimator as the paper (and Chen et al. 2021) writes it."""
    if n - c < k:
        return 1.0
    return 1.0 - float(np.prod(1.0 - k / np.arange(n - c + 1, n + 1)))


@st.composite
def counts(draw, largest=400):
    n = draw(st.integers(1, largest))
    return n, draw(st.integers(0, n)), draw(st.integers(1, n))


def test_docstring_numbers():
    assert doctest.testmod(metrics).failed == 0


@given(counts())
def test_equals_exact_binomials(drawn):
    n, c, k = drawn
    assert pass_at_k(n, c, k) == pytest.approx(1 - comb(n - c, k) / comb(n, k), abs=1e-12)


@pytest.mark.parametrize("n", [1, 7, 128, 1024])
def test_equals_the_papers_product_to_1e_12(n):
    for k in {1, min(2, n), min(8, n), (n + 1) // 2, n}:
        c = np.arange(n + 1)
        theirs = [papers_product(n, int(x), k) for x in c]
        np.testing.assert_allclose(pass_at_k(n, c, k), theirs, rtol=0, atol=1e-12)


def test_equals_enumeration_of_all_draws():
    outcomes = [True, False, True, False, False, False]
    for k in range(1, 7):
        draws = [any(chosen) for chosen in combinations(outcomes, k)]
        assert pass_at_k(6, 2, k) == pytest.approx(np.mean(draws), abs=1e-15)


@given(counts())
def test_monotone_in_k_and_in_c(drawn):
    n, c, _ = drawn
    curve = pass_at_k(n, c, np.arange(1, n + 1))
    assert (np.diff(curve) >= -1e-15).all()
    assert (np.diff(pass_at_k(n, np.arange(n + 1), max(1, n // 3))) >= -1e-15).all()


@given(counts())
def test_pass_at_1_is_accuracy(drawn):
    n, c, _ = drawn
    assert pass_at_k(n, c, 1) == pytest.approx(c / n, abs=1e-15)


@given(counts())
def test_k_equal_n_is_solvability(drawn):
    n, c, _ = drawn
    assert pass_at_k(n, c, n) == float(c > 0)


@given(counts(largest=200))
def test_exactly_one_where_fewer_than_k_are_wrong(drawn):
    n, c, k = drawn
    if n - c < k:
        assert pass_at_k(n, c, k) == 1.0
    assert pass_at_k(n, 0, k) == 0.0


def test_k_above_n_is_undefined():
    assert np.isnan(pass_at_k(4, 4, 5))
    assert np.isnan(pass_at_k([4, 8], 2, 5)).tolist() == [True, False]


def test_no_samples_leave_every_k_undefined():
    assert np.isnan(pass_at_k(0, 0, 1))


def test_empty_arrays_stay_empty():
    assert pass_at_k([], [], []).shape == (0,)


def test_broadcasts_problems_against_k():
    values = pass_at_k(np.full((5, 1), 16), np.arange(5)[:, None], [1, 2, 4])
    assert values.shape == (5, 3)
    assert values[3, 2] == pytest.approx(papers_product(16, 3, 4))


def test_permuting_problems_permutes_values():
    rng = np.random.default_rng(0)
    c = rng.integers(0, 65, 50)
    order = rng.permutation(50)
    np.testing.assert_array_equal(pass_at_k(64, c[order], 8), pass_at_k(64, c, 8)[order])


def test_large_n_neither_overflows_nor_loses_digits():
    # One of a million correct: pass@k is k/n exactly.
    n = 1_000_000
    np.testing.assert_allclose(pass_at_k(n, 1, [1, 1024, n]), [1e-6, 1024e-6, 1.0], rtol=1e-10)


@given(counts(largest=60), st.integers(-1, 62))
def test_kernel_equals_hypergeometric_tail(drawn, m):
    n, c, k = drawn
    assert at_least(n, c, k, m) == pytest.approx(hypergeom.sf(m - 1, n, c, k), abs=1e-12)


@given(counts(largest=60))
def test_all_correct_is_none_wrong(drawn):
    # pass^k from the same kernel: all k correct = none of the n - c wrong ones drawn.
    n, c, k = drawn
    assert at_least(n, c, k, k) == pytest.approx(1 - pass_at_k(n, n - c, k), abs=1e-12)


@pytest.mark.parametrize(
    ("n", "c", "k", "message"),
    [
        ([4, 4], [1, 5], 1, "c exceeds n at position 1: n=4, c=5"),
        (-1, 0, 1, "n is negative"),
        (4, -1, 1, "c is negative"),
        (4, 1, 0, "k is below 1"),
    ],
)
def test_impossible_counts_are_refused(n, c, k, message):
    with pytest.raises(ValueError, match=message):
        pass_at_k(n, c, k)


def test_histogram_bins_follow_the_paper():
    assert len(HISTOGRAM_LABELS) == 12
    c = np.arange(101)
    bins = histogram_bin(100, c)
    named = {HISTOGRAM_LABELS[b]: (c[bins == b].min(), c[bins == b].max()) for b in range(12)}
    assert named["0"] == (0, 0)
    assert named["(0,.1]"] == (1, 10)
    assert named["(.1,.2]"] == (11, 20)
    assert named["(.8,.9]"] == (81, 90)
    assert named["(.9,1)"] == (91, 99)
    assert named["1"] == (100, 100)


@given(counts(largest=2000))
def test_histogram_edges_are_exact(drawn):
    n, c, _ = drawn
    bin_ = int(histogram_bin(n, c))
    if 0 < c < n:
        assert (bin_ - 1) * n < 10 * c <= bin_ * n
