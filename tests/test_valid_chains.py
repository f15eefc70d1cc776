"""Right answers by valid chains: as of answers, with `d` in the place of `c`."""

import polars as pl
import pytest

from passk.analysis.evaluation_groups import group_counts
from passk.analysis.metrics import pass_at_k
from passk.analysis.questions.chain_validity import QUESTION as VALIDITY
from passk.analysis.questions.coverage import classify_problems
from passk.analysis.questions.difference import estimate_difference
from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.questions.pass_at_k import estimate_pass_at_k
from passk.analysis.questions.valid_chains import (
    VALID_COVERAGE,
    VALID_DIFFERENCE,
    VALID_PASS_AT_K,
)
from passk.analysis.settings import Analysis
from passk.core.schemas.counts import COUNTS

ANALYSIS = Analysis(
    questions={}, k=[1, 2, 4, 8],
    comparisons={
        "rl": {"reference": "base", "candidate": "rl"},
        "other": {"reference": "base", "candidate": "unlabelled"},
    },
)  # fmt: skip
N = 8
# problem -> (right, by a valid chain), of base and of RL
BASE = {"a": (8, 6), "b": (3, 0), "c": (1, 1), "d": (0, 0)}
RL = {"a": (8, 8), "b": (0, 0), "c": (0, 0), "d": (2, 1)}


def table(draw, outcomes, *, labelled=True):
    rows = [
        {
            "draw": draw, "set": "s", "problem_id": problem, "index": i, "n": N, "c": c,
            "d": d if labelled else None, "unknown": 0, "model": draw, "arm": draw, "step": None,
            "train_seed": None, "template": "plain", "temperature": 0.6, "replicate": 0,
            "engine": "step_loop", "grader": "g",
        }
        for i, (problem, (c, d)) in enumerate(outcomes.items())
    ]  # fmt: skip
    return COUNTS.check(pl.DataFrame(rows, schema=dict(COUNTS.columns)))


def inputs(analysis=ANALYSIS, *, valid_only=False):
    frame = pl.concat(
        [table("base", BASE), table("rl", RL), table("unlabelled", RL, labelled=False)]
    )
    if valid_only:
        frame = frame.filter(pl.col("d").is_not_null()).with_columns(c=pl.col("d"))
    return QuestionInputs(analysis, 5, counts=frame, groups=group_counts(frame))


def test_curves_are_those_of_d():
    rows = VALID_PASS_AT_K.answer(inputs())
    assert set(rows["draw"]) == {"base", "rl"}  # nothing is known of the chains of the third
    for draw, outcomes in (("base", BASE), ("rl", RL)):
        for k in ANALYSIS.k:
            known = sum(float(pass_at_k(N, d, k)) for _, d in outcomes.values()) / len(outcomes)
            row = rows.row(by_predicate=(pl.col("draw") == draw) & (pl.col("k") == k), named=True)
            assert row["pass_at_k"] == pytest.approx(known)
            assert row["low"] <= row["pass_at_k"] <= row["high"]


def test_they_are_what_answers_give_where_only_valid_chains_are_right():
    only = ANALYSIS.model_copy(update={"comparisons": {"rl": ANALYSIS.comparisons["rl"]}})
    for question, answer in (
        (VALID_PASS_AT_K, estimate_pass_at_k),
        (VALID_DIFFERENCE, estimate_difference),
        (VALID_COVERAGE, classify_problems),
    ):
        ours = question.table.check(question.answer(inputs()))
        assert ours.equals(question.table.check(answer(inputs(only, valid_only=True))))


def test_coverage_differs_from_that_of_answers():
    sizes = dict(VALID_COVERAGE.answer(inputs()).select("category", "problems").iter_rows())
    assert sizes == {"both": 1, "reference_only": 1, "candidate_only": 1, "neither": 1}


def test_validity_by_difficulty():
    rows = VALIDITY.table.check(VALIDITY.answer(inputs()))
    found = {
        (row["draw"], row["accuracy"]): (row["problems"], row["right"], row["valid"])
        for row in rows.iter_rows(named=True)
    }
    assert found == {
        ("base", "all"): (3, 12, 7),
        ("base", "5% to 50%"): (2, 4, 1),
        ("base", "50% and more"): (1, 8, 6),
        ("rl", "all"): (2, 10, 9),
        ("rl", "5% to 50%"): (1, 2, 1),
        ("rl", "50% and more"): (1, 8, 8),
    }
    one, several = (
        rows.row(by_predicate=(pl.col("draw") == "base") & (pl.col("accuracy") == a), named=True)
        for a in ("50% and more", "all")
    )
    assert one["low"] is None
    assert several["share"] == pytest.approx(7 / 12)
    assert several["low"] <= several["share"] <= several["high"]


def test_without_labels_there_are_no_rows():
    frame = table("unlabelled", RL, labelled=False)
    alone = QuestionInputs(ANALYSIS, 5, counts=frame, groups=group_counts(frame))
    for question in (VALID_PASS_AT_K, VALID_DIFFERENCE, VALID_COVERAGE, VALIDITY):
        assert question.table.check(question.answer(alone)).is_empty()
