"""Measures beside pass@k: closed forms, all subsets counted out, identities, and scorio."""

import itertools
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scorio import eval as scorio

import report_tables as made
from passk.analysis.evaluation_groups import EvaluationGroup
from passk.analysis.forecast import SuccessDistribution, fit, thin
from passk.analysis.measures import (
    bayes_at_n,
    cover_at_tau,
    g_pass_at_k,
    mg_pass_at_k,
    pass_hat_k,
)
from passk.analysis.metrics import pass_at_k
from passk.analysis.questions.forecast import QUESTION as FORECAST
from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.questions.measures import QUESTION as MEASURES
from passk.analysis.questions.support import QUESTION as SUPPORT
from passk.analysis.selection import best_of_k, majority_at_k
from passk.analysis.settings import Analysis
from passk.analysis.support import count_ledger
from passk.report.html.sourced_values import SourcedValue
from passk.report.sections.measures import SECTION

RNG = np.random.default_rng(41)
OUTCOMES = RNG.integers(0, 2, size=(7, 12))  # problems x samples
N, C = np.full(7, 12), OUTCOMES.sum(axis=1)


@pytest.mark.parametrize("k", [2, 3, 8, 12])
def test_measures_are_those_of_scorio(k):
    assert pass_hat_k(N, C, k).mean() == pytest.approx(scorio.pass_hat_k(OUTCOMES, k), abs=1e-12)
    assert mg_pass_at_k(N, C, k).mean() == pytest.approx(
        scorio.mg_pass_at_k(OUTCOMES, k), abs=1e-12
    )
    for tau in (0.0, 0.3, 0.5, 1.0):
        ours, theirs = g_pass_at_k(N, C, k, tau).mean(), scorio.g_pass_at_k_tau(OUTCOMES, k, tau)
        assert ours == pytest.approx(theirs, abs=1e-12), tau


def test_bayes_at_n_is_that_of_scorio():
    mean, sd = scorio.bayes(OUTCOMES, np.array([0.0, 1.0]))
    assert bayes_at_n(N, C) == pytest.approx((mean, sd), abs=1e-12)


@pytest.mark.parametrize("k", [1, 3, 5])
def test_pass_at_k_is_an_integral_of_cover(k):
    # pass@k = integral_0^1 k (1-t)^(k-1) Cover@t dt (arXiv 2510.08325), for rates that are known
    # exactly: with n to infinity, c/n = p.
    p = np.array([0.0, 0.2, 0.55, 1.0])
    n = np.full(4, 10**6)
    t = (np.arange(20_000) + 0.5) / 20_000
    cover = cover_at_tau(n[:, None], (p * 10**6).astype(int)[:, None], t).mean(axis=0)
    integral = (k * (1 - t) ** (k - 1) * cover).mean()
    assert integral == pytest.approx((1 - (1 - p) ** k).mean(), abs=1e-4)


@pytest.mark.parametrize(
    ("correct", "others"), [(0, [2, 1]), (3, [3]), (2, [1, 1, 2]), (4, []), (1, [3, 3, 1])]
)
def test_majority_is_that_of_all_subsets(correct, others):
    answers = [0] * correct + [i + 1 for i, size in enumerate(others) for _ in range(size)]
    for k in range(1, len(answers) + 1):
        chances = []
        for drawn in itertools.combinations(answers, k):
            votes = np.bincount(drawn, minlength=len(others) + 1)
            chances.append((votes[0] == votes.max()) / (votes == votes.max()).sum())
        assert majority_at_k(correct, others, k) == pytest.approx(np.mean(chances), abs=1e-12)
    assert np.isnan(majority_at_k(correct, others, len(answers) + 1))


def test_majority_of_one_is_accuracy_and_of_many_a_thousand_samples_deep():
    assert majority_at_k(30, [20] * 3 + [1] * 40, 1) == pytest.approx(30 / 130)
    assert majority_at_k(400, [300] + [1] * 324, 1024) == pytest.approx(1.0)
    assert majority_at_k(300, [400] + [1] * 324, 1024) == pytest.approx(0.0)


def test_best_of_k_is_that_of_all_subsets():
    scores, right = RNG.integers(0, 4, size=8), RNG.integers(0, 2, size=8)
    for k in range(1, 9):
        chances = []
        for drawn in itertools.combinations(range(8), k):
            top = [i for i in drawn if scores[i] == scores[list(drawn)].max()]
            chances.append(right[top].mean())
        assert best_of_k(scores, right, k) == pytest.approx(np.mean(chances), abs=1e-12)
    with pytest.raises(ValueError, match="NaN"):
        best_of_k([np.nan, 1.0], [True, False], 1)


def test_a_perfect_score_makes_best_of_k_pass_at_k():
    right = RNG.integers(0, 2, size=12)
    for k in (1, 4, 12):
        assert best_of_k(right, right, k) == pytest.approx(float(pass_at_k(12, right.sum(), k)))


def test_the_fitted_distribution_is_the_one_that_was_drawn_from():
    p = np.where(RNG.random(2000) < 0.2, 0.0, RNG.beta(0.6, 3.0, size=2000))
    n = np.full(2000, 128)
    found = fit(n, RNG.binomial(n, p))
    assert (found.a, found.b, found.zero) == pytest.approx((0.6, 3.0, 0.2), rel=0.2)
    for k in (1, 128, 1024):  # eight times past n
        assert float(found.pass_at_k(k)) == pytest.approx((1 - (1 - p) ** k).mean(), abs=0.02)


@pytest.mark.parametrize("c", [0, 16])
def test_a_set_without_any_spread_can_be_fitted(c):
    found = fit([16] * 5, [c] * 5)
    assert float(found.pass_at_k(16)) == pytest.approx(c / 16, abs=0.01)


def test_a_solved_problem_is_solved_again_and_a_never_solved_one_by_what_others_say():
    spread = SuccessDistribution(0.5, 4.0, 0.3, 0.0)
    again = spread.solved_again([64, 64], [0, 64], 64)
    assert again[0] < 0.2
    assert again[1] > 0.999
    # Simulated: how often a second draw solves what the first never did.
    p = np.where(RNG.random(400_000) < 0.3, 0.0, RNG.beta(0.5, 4.0, size=400_000))
    never = RNG.binomial(64, p) == 0
    assert (RNG.binomial(64, p[never]) > 0).mean() == pytest.approx(again[0], abs=0.005)


def test_half_of_the_samples_are_a_half_and_no_more_correct_than_there_are():
    n, c = thin([8, 9], [8, 0], np.random.default_rng(1))
    assert n.tolist() == [4, 4]
    assert c.tolist() == [4, 0]


def test_a_model_against_itself_neither_gains_nor_loses():
    known = [True, False, True, True]
    ledger = count_ledger(known, known)
    assert (ledger.retention, ledger.discovery, ledger.net_change) == (1.0, 0.0, 0.0)
    assert np.isnan(count_ledger([False], [False]).retention)
    with pytest.raises(ValueError, match="2,"):
        count_ledger([True, False], [True])


def _inputs(counts: dict[str, list[int]], n: int) -> QuestionInputs:
    ids = tuple(f"p{i:02}" for i in range(len(next(iter(counts.values())))))
    groups = {
        (draw, "set"): EvaluationGroup(
            draw, "set", draw, 1.0, ids, np.full(len(ids), n), np.array(c)
        )
        for draw, c in counts.items()
    }
    analysis = Analysis(
        questions={},
        k=[1, 4, 16],
        comparisons={"rl": {"reference": "base", "candidate": "grpo"}},
        bootstrap={"resamples": 200},
    )
    return QuestionInputs(analysis, 7, groups=groups)


def test_questions_give_tables_by_their_contracts():
    base = RNG.binomial(32, RNG.beta(0.5, 2, size=20)).tolist()
    inputs = _inputs({"base": base, "grpo": [c // 2 for c in base]}, 32)
    for question in (MEASURES, FORECAST, SUPPORT):
        question.table.check(question.answer(inputs))
    measures = MEASURES.answer(inputs)
    assert (measures["low"] <= measures["value"]).all()
    assert (measures["value"] <= measures["high"]).all()
    at_all = measures.filter(draw="base", measure="pass_hat", k=16)["value"].item()
    assert at_all == pytest.approx(pass_hat_k([32] * 20, base, 16).mean())


def test_a_second_draw_of_one_model_is_what_the_null_expects():
    # Expanded problems of two draws of one model, over many sets: as many as the null says.
    expected, seen = [], []
    for _ in range(40):
        p = RNG.beta(0.3, 6, size=60)
        first, second = (RNG.binomial(32, p).tolist() for _ in range(2))
        table = SUPPORT.answer(_inputs({"base": first, "grpo": second}, 32))
        seen.append(table.filter(by="solved")["expanded"].item())
        expected.append(table.filter(by="null")["expanded"].item())
    error = np.std(np.subtract(seen, expected)) / np.sqrt(40)
    assert abs(np.mean(seen) - np.mean(expected)) < 4 * error
    assert isinstance(table, pl.DataFrame)


def test_the_section_shows_every_number_with_its_source():
    context = made.many()
    problems = 12
    rates = {"base": RNG.beta(0.5, 2, size=problems), "grpo": RNG.beta(0.3, 1, size=problems)}
    ids = tuple(f"p{i:02}" for i in range(problems))
    groups = {
        (draw, name): EvaluationGroup(
            draw, name, draw, 1.0, ids, np.full(problems, 16), RNG.binomial(16, rates[draw])
        )
        for draw in rates
        for name in context.set_names
    }
    pair = {"grpo": {"reference": "base", "candidate": "grpo"}}
    analysis = Analysis(questions={}, k=[1, 4, 16], comparisons=pair, bootstrap={"resamples": 100})
    inputs = QuestionInputs(analysis, 7, groups=groups)
    answers = {q.table.name: q.answer(inputs) for q in (MEASURES, FORECAST, SUPPORT)}
    context = replace(context, results={**context.results, **answers})
    tables = SECTION.tables(context)
    sets = len(context.set_names)
    assert [len(table.rows) for table in tables] == [2 * sets, 3 * sets, 2 * sets]
    values = [
        part
        for table in tables
        for row in table.rows
        for cell in row
        for part in cell
        if isinstance(part, SourcedValue)
    ]
    assert len(values) > 50
    for value in values:
        rows = answers[value.source.table]
        for name, held in value.source.key:
            rows = rows.filter(pl.col(name) == held)
        assert rows[value.source.column].item() == value.value
