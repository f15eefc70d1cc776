"""Bootstrap intervals: determinism, pairing, edges, crossover; coverage by simulation (slow)."""

import inspect
import math

import numpy as np
import pytest
from scipy.stats import binom
from scipy.stats import t as student

from passk.analysis.bootstrap import (
    BootstrapCurve,
    _student_quantile,
    bootstrap_curve,
    draw_problems,
)
from passk.analysis.crossing import estimate_crossover, find_crossings
from passk.analysis.estimate_range import estimate_range
from passk.analysis.every_k import bootstrap_every_k
from passk.analysis.proportions import (
    compute_luck,
    count_beyond_luck,
    count_told_apart,
    mcnemar_mid_p,
    wilson,
)

GRID = np.array([1, 2, 4, 8, 16, 32, 64])


def curve(c, n=64, *, k=GRID, seed=0, resamples=400, drawn=None):
    c = np.asarray(c)
    if drawn is None:
        drawn = draw_problems(len(c), resamples, np.random.default_rng(1))
    return bootstrap_curve(np.full(len(c), n), c, k, drawn, np.random.default_rng(seed))


def some_counts(problems=48, n=64, seed=3):
    rng = np.random.default_rng(seed)
    return rng.binomial(n, rng.beta(0.3, 1.2, problems))


def test_same_generator_same_bytes():
    c = some_counts()
    first, second = curve(c), curve(c)
    assert first.resamples.tobytes() == second.resamples.tobytes()
    assert curve(c, seed=5).resamples.tobytes() != first.resamples.tobytes()


def test_no_global_random_state_is_used():
    np.random.seed(0)
    first = curve(some_counts()).resamples
    np.random.seed(1)
    assert (curve(some_counts()).resamples == first).all()
    assert "default_rng(" not in inspect.getsource(inspect.getmodule(bootstrap_curve))


def test_resamples_are_centred_on_the_estimate_at_every_k():
    # The fact behind recentring: with c = 1 and k = n a resampled count gives .63, not 1.
    ones = curve(np.ones(40, dtype=int), resamples=4000)
    assert ones.estimate[-1] == 1.0
    np.testing.assert_allclose(ones.resamples.mean(axis=0), ones.estimate, atol=0.01)
    mixed = curve(some_counts(), resamples=4000)
    np.testing.assert_allclose(mixed.resamples.mean(axis=0), mixed.estimate, atol=0.01)


def test_limits_enclose_the_estimate_and_stay_in_range():
    for c in (some_counts(), np.zeros(10, int), np.full(10, 64), np.ones(5, int), [3]):
        found = curve(c)
        low, high = found.interval()
        assert (low <= found.estimate).all()
        assert (found.estimate <= high).all()
        assert (low >= 0).all()
        assert (high <= 1).all()


def test_higher_level_is_wider():
    found = curve(some_counts())
    narrow, wide = found.interval(0.8), found.interval(0.99)
    assert (wide[0] <= narrow[0]).all()
    assert (narrow[1] <= wide[1]).all()


def test_agreeing_problems_get_the_exact_limit_not_width_zero():
    limit = 1 - 0.025 ** (1 / 30)  # Clopper-Pearson at 0 of 30
    low, high = curve(np.zeros(30, int)).interval()
    np.testing.assert_allclose(high, limit)
    np.testing.assert_allclose(low, 0)
    low, high = curve(np.full(30, 64)).interval()
    np.testing.assert_allclose(low, 1 - limit)
    np.testing.assert_allclose(high, 1)


def test_one_problem_says_next_to_nothing_about_a_population():
    low, high = curve([20]).interval()
    assert (high - low > 0.95).all()


def test_pairing_cancels_what_two_models_share():
    # The same counts and the same stream: no difference in any resample.
    c = some_counts()
    same = curve(c) - curve(c)
    assert (same.resamples == 0).all()
    # Nearly equal models: the paired interval is far narrower than the unpaired one.
    worse = np.maximum(c - 2, 0)
    drawn = draw_problems(len(c), 400, np.random.default_rng(1))
    other = draw_problems(len(c), 400, np.random.default_rng(2))
    paired = curve(worse, seed=1, drawn=drawn) - curve(c, seed=2, drawn=drawn)
    unpaired = curve(worse, seed=1, drawn=other) - curve(c, seed=2, drawn=drawn)
    assert paired.resamples[:, 0].std() < 0.25 * unpaired.resamples[:, 0].std()


def test_difference_has_its_own_range():
    solved, unsolved = curve(np.full(20, 64)), curve(np.zeros(20, int))
    low, high = (unsolved - solved).interval()
    assert (low == -1).all()
    assert (high < 0).all()
    assert (high > -1).all()


def test_problems_may_have_different_n():
    n, c = np.array([8, 16, 64]), np.array([1, 5, 30])
    drawn = draw_problems(3, 2000, np.random.default_rng(0))
    found = bootstrap_curve(n, c, [1, 8], drawn, np.random.default_rng(0))
    assert found.estimate[0] == pytest.approx(np.mean(c / n))
    np.testing.assert_allclose(found.resamples.mean(axis=0), found.estimate, atol=0.02)


def test_k_above_n_and_no_problems_are_refused():
    with pytest.raises(ValueError, match="k=128 exceeds n=64"):
        curve([1, 2], k=[128])
    with pytest.raises(ValueError, match="no problems"):
        bootstrap_curve([], [], [1], np.zeros((5, 0), int), np.random.default_rng(0))


def test_every_k_is_the_same_resamples_as_a_grid():
    n, c = np.array([64, 64, 80, 64]), np.array([0, 5, 80, 64])
    drawn = draw_problems(4, 50, np.random.default_rng(0))
    k = np.array([1, 2, 33, 64])
    every = bootstrap_every_k(n, c, drawn, np.random.default_rng(1))
    some = bootstrap_curve(n, c, k, drawn, np.random.default_rng(1))
    assert every.estimate.size == 64
    np.testing.assert_allclose(every.estimate[k - 1], some.estimate, atol=1e-12)
    np.testing.assert_allclose(every.resamples[:, k - 1], some.resamples, atol=1e-12)
    np.testing.assert_allclose(every.problems[:, k - 1], some.problems, atol=1e-12)


def test_limits_of_a_curve_never_fall_and_hold_the_estimate():
    rng = np.random.default_rng(3)
    for p in (0.01, 0.2, 0.9):
        found = curve(rng.binomial(64, rng.beta(p, 1 - p, 30)), k=[1, 2, 4, 8, 16, 32, 64])
        low, high = found.rising_interval()
        assert (np.diff(low) >= 0).all()
        assert (np.diff(high) >= 0).all()
        assert (low <= found.estimate).all()
        assert (found.estimate <= high).all()


def test_mid_p_is_half_the_point_and_all_beyond_it_on_both_sides():
    for more, fewer in ((3, 0), (0, 5), (7, 2), (4, 4), (30, 12)):
        total, small = more + fewer, min(more, fewer)
        exact = 2 * (binom.cdf(small, total, 0.5) - binom.pmf(small, total, 0.5) / 2)
        assert mcnemar_mid_p(more, fewer) == pytest.approx(exact)
        assert mcnemar_mid_p(more, fewer) == mcnemar_mid_p(fewer, more)


def test_two_draws_of_one_model_have_no_problem_beyond_luck():
    rng = np.random.default_rng(2)
    n, beyond = np.full(120, 32), 0
    for _ in range(60):
        p = rng.beta(0.1, 8, 120)
        alone = rng.binomial(32, p), rng.binomial(32, p)
        beyond += count_beyond_luck((n, alone[0]), (n, alone[1])) > 0
    assert beyond <= 5  # level .025: more than 5 of 60 has chance .01


def test_weak_problems_beyond_luck_are_seen_together_and_not_one_by_one():
    n = np.full(60, 128)
    few = np.repeat([3, 0], [40, 20])
    assert count_told_apart(compute_luck(few, n, n)) == 0
    # 40 at chance 1/8 each: more than 10 by luck has chance .006.
    assert 29 <= count_beyond_luck((n, few), (n, np.zeros(60, int))) <= 32


def test_crossing_interpolates_between_the_grid_points():
    k = np.array([1.0, 4.0, 16.0])
    rows = np.array([[0.3, 0.1, -0.1], [0.1, -0.1, 0.1], [0.1, -0.1, -0.2], [0.0, 0.0, 0.0]])
    # Last change of lead counts; RL ahead again at the end is no crossover; a tie is nobody's lead.
    np.testing.assert_allclose(find_crossings(rows, k), [8.0, np.inf, 2.0, 0.0])


def test_crossing_by_equality_at_a_grid_point():
    assert find_crossings(np.array([[0.2, 0.0, -0.1]]), np.array([1.0, 4.0, 16.0]))[0] == 4.0


def _differences(rows):
    rows = np.asarray(rows, dtype=float)
    return BootstrapCurve(rows.mean(axis=0), rows, rows, -1.0, 1.0)


def test_crossover_limits_are_open_past_the_grid():
    crossing_rows = [[0.2, -0.2]] * 60 + [[0.2, 0.1]] * 40
    found = estimate_crossover(_differences(crossing_rows), [1, 16])
    assert found.p_none == pytest.approx(0.4)
    assert found.k is not None
    assert found.low == pytest.approx(4.0)
    assert found.high is None


def test_no_crossover_is_none():
    found = estimate_crossover(_differences([[0.2, 0.1]] * 10), [1, 16])
    assert (found.k, found.low, found.high, found.p_none) == (None, None, None, 1.0)
    behind = estimate_crossover(_differences([[-0.2, -0.1]] * 10), [1, 16])
    assert (behind.k, behind.low, behind.high, behind.p_none) == (None, 1.0, 1.0, 1.0)


def test_crossover_of_two_known_curves():
    # RL: 60% of problems always, the rest never; base: p = .1 everywhere, 1 - .9^k = .6 at k = 8.7.
    base, rl = np.full(60, 26), np.repeat([256, 0], [36, 24])
    k = 2 ** np.arange(9)
    drawn = draw_problems(60, 500, np.random.default_rng(0))
    pair = [curve(c, n=256, k=k, seed=s, drawn=drawn) for s, c in enumerate((rl, base))]
    found = estimate_crossover(pair[0] - pair[1], k)
    assert found.p_none == 0.0
    assert found.low < found.k < found.high
    assert found.k == pytest.approx(np.log(0.4) / np.log(1 - 26 / 256), rel=0.1)


def test_wilson_known_answers():
    assert wilson(0, 10) == pytest.approx((0.0, 0.27753), abs=1e-5)
    assert wilson(50, 100) == pytest.approx((0.40383, 0.59617), abs=1e-5)
    with pytest.raises(ValueError, match="no such proportion"):
        wilson(3, 2)
    with pytest.raises(ValueError, match="no such proportion"):
        wilson(0, 0)


@pytest.mark.parametrize("freedom", [5, 10, 29, 99, 499])
def test_student_quantile(freedom):
    assert _student_quantile(0.975, freedom) == pytest.approx(student.ppf(0.975, freedom), rel=1e-3)


POPULATIONS = {
    "base-like Beta(.3, 1.2)": lambda m, rng: rng.beta(0.3, 1.2, m),
    "RL-like Beta(.2, .3), 20% impossible": lambda m, rng: (
        rng.beta(0.2, 0.3, m) * (rng.random(m) > 0.2)
    ),
    "hard Beta(.1, 8)": lambda m, rng: rng.beta(0.1, 8, m),
    "equal p = 1/n": lambda m, rng: np.full(m, 1 / 256),
    "easy Beta(1, 1.5)": lambda m, rng: rng.beta(1, 1.5, m),
}
# At the edges no interval from 48 problems covers fully: what moves the mean is a kind of problem
# that most samples of 48 do not hold. Elsewhere .93 is the nominal .95 less simulation error.
LEAST = {"hard Beta(.1, 8)": 0.86, "easy Beta(1, 1.5)": 0.85}


def covered(population, *, problems=48, n=256, trials=800, resamples=500, seed=11):
    """Share of intervals that hold the truth, per k, with the plain percentile two-level beside."""
    rng = np.random.default_rng(seed)
    k = np.array([1, 4, 16, 64, 128, 256])
    p = population(2_000_000, rng)
    truth = np.array([np.mean(1 - (1 - p) ** j) for j in k])
    ours, plain = np.zeros((2, k.size))
    for _ in range(trials):
        c = rng.binomial(n, population(problems, rng))
        drawn = draw_problems(problems, resamples, rng)
        found = bootstrap_curve(np.full(problems, n), c, k, drawn, rng)
        low, high = found.interval(0.95)
        ours += (low <= truth) & (truth <= high)
        shift = found.estimate - (1 - (1 - c[:, None] / n) ** k).mean(axis=0)
        low, high = np.quantile(found.resamples - shift, [0.025, 0.975], axis=0)
        plain += (low <= truth) & (truth <= high)
    return ours / trials, plain / trials


@pytest.mark.slow
@pytest.mark.parametrize("name", POPULATIONS)
def test_coverage_of_curves(name):
    ours, plain = covered(POPULATIONS[name])
    print(f"\n{name}: ours {ours.round(3)} plain {plain.round(3)}")
    assert (ours >= LEAST.get(name, 0.93)).all()
    assert ours[-1] >= 0.93  # k = n, where the plain percentile interval fails
    assert (ours >= plain - 0.02).all()


@pytest.mark.slow
def test_coverage_of_paired_differences_and_crossover():
    rng = np.random.default_rng(5)
    k = np.array([1, 4, 16, 64, 128])
    problems, n, trials, level = 48, 128, 2000, 0.95

    def models(m):
        base = rng.beta(0.3, 1.2, m)
        return base, np.where(rng.random(m) < 0.25, base * 0.02, np.minimum(1, base * 2.5))

    base, rl = models(2_000_000)
    truth = np.array([np.mean((1 - base) ** j - (1 - rl) ** j) for j in k])
    true_k = find_crossings(truth[None], k.astype(float))[0]
    assert 1 < true_k < 128
    hits, crossed = np.zeros(k.size), 0
    for _ in range(trials):
        drawn = draw_problems(problems, 500, rng)
        p = models(problems)
        base_curve, rl_curve = (
            bootstrap_curve(np.full(problems, n), rng.binomial(n, q), k, drawn, rng) for q in p
        )
        difference = rl_curve - base_curve
        low, high = difference.interval(level)
        hits += (low <= truth) & (truth <= high)
        found = estimate_crossover(difference, k, level)
        crossed += (found.low is not None and found.low <= true_k) and (
            found.high is None or true_k <= found.high
        )
    found_share = (hits / trials).round(3)
    print(f"\ndifferences {found_share}, crossover (true {true_k:.1f}) {crossed / trials:.3f}")
    # Nominal .95; simulation error is .005.
    assert (hits / trials >= 0.92).all()
    assert crossed / trials >= 0.92


# ------------------------------------------------------------------------- several at once


def constant(estimate, resamples, problems=40):
    """A quantity with given resamples, and problems that vary."""
    values = np.linspace(0, 1, problems)[:, None]
    return BootstrapCurve(np.array([estimate]), np.asarray(resamples, dtype=float)[:, None], values)


def test_spread_of_known_resamples():
    # Centred resamples of the two are (-.1, 0, .1) and (.1, 0, -.1): ranges .2, 0, .2.
    curves = [constant(0.5, [0.4, 0.5, 0.6]), constant(0.3, [0.4, 0.3, 0.2])]
    found = estimate_range(curves, 0.95)
    wider = found.noise / 0.2
    assert found.spread == pytest.approx(0.2)
    assert found.smallest == pytest.approx(0.3)
    assert found.margin == pytest.approx(0.1 * wider)
    assert 1.0 < wider < 1.1  # 40 problems: sqrt(40 / 39), and t in place of the normal
    with pytest.raises(ValueError, match="1 quantity has no spread"):
        estimate_range(curves[:1])


def test_what_never_varies_still_has_a_limit():
    still = constant(0.5, [0.5] * 10)
    found = estimate_range([still, still], 0.95)
    assert found.noise == pytest.approx(1 - 0.025 ** (1 / 40))


def test_luck_is_the_exact_chance_of_all_correct_samples_on_one_side():
    for n, other, c in ((8, 8, 3), (8, 4, 5), (256, 256, 10)):
        assert compute_luck(c, other, n) == pytest.approx(math.comb(n, c) / math.comb(n + other, c))
    assert compute_luck(0, 8, 8) == 1.0


def test_holm_rejects_in_order_and_stops_at_the_first_failure():
    assert count_told_apart([0.9, 0.8]) == 0
    assert count_told_apart([0.0001] * 5) == 5
    assert (
        count_told_apart([0.01, 0.026, 0.001], 0.95) == 3
    )  # .001 < .05/3, .01 < .05/2, .026 < .05
    assert count_told_apart([0.026, 0.04, 0.001], 0.95) == 1  # .026 > .05/2, so .04 is not tried
    assert count_told_apart([0.04, 0.03], 0.95) == 0


@pytest.mark.slow
def test_noise_is_exceeded_by_equal_models_as_often_as_stated():
    rng = np.random.default_rng(11)
    exceeded, bands, rounds = 0, 0, 200
    for _ in range(rounds):
        p = rng.beta(0.5, 1.0, 40)
        drawn = draw_problems(40, 300, rng)
        k = np.array([1, 4, 16])
        counts = [rng.binomial(32, p) for _ in range(4)]
        curves = [bootstrap_curve(np.full(40, 32), c, k, drawn, rng) for c in counts]
        single = [
            BootstrapCurve(c.estimate[:1], c.resamples[:, :1], c.problems[:, :1]) for c in curves
        ]
        found = estimate_range(single, 0.9)
        exceeded += found.spread > found.noise
        low, high = (curves[0] - curves[1]).band(0.9)
        bands += bool(((low <= 0) & (high >= 0)).all())
    assert exceeded / rounds < 0.1 + 0.045  # at most 1 - level, and 2 standard errors
    assert bands / rounds > 0.9 - 0.045
