"""Perplexities of responses, ranked among the scoring model's own."""

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from passk.analysis.questions.inputs import QuestionInputs, ScoredResponses
from passk.analysis.questions.perplexity import TABLE, rank_among, rank_perplexities
from passk.analysis.settings import Analysis

ANALYSIS = Analysis(questions={"perplexity": "scores"})


def scored(rows, draw, model="base", own="base-by-base"):
    """Rows of (problem, verdict, tokens, perplexity)."""
    table = pl.DataFrame(
        [("s", problem, i, verdict, t, p) for i, (problem, verdict, t, p) in enumerate(rows)],
        schema=["set", "problem_id", "sample_index", "verdict", "n_tokens", "perplexity"],
        orient="row",
    )
    return ScoredResponses(table, draw, model, own)


def ask(**scores):
    named = {name.replace("_", "-"): one for name, one in scores.items()}
    return rank_perplexities(QuestionInputs(ANALYSIS, 1, scores=named))


OWN = [
    ("a", "correct", 3, 1.0), ("a", "wrong", 5, 2.0), ("a", "correct", 5, 3.0),
    ("b", "wrong", 4, 2.0), ("b", "wrong", 4, 4.0),
]  # fmt: skip


def row(frame, score, verdict):
    return frame.row(by_predicate=(pl.col("score") == score) & (pl.col("verdict") == verdict),
                     named=True)  # fmt: skip


def test_ranks_by_hand():
    rl = [("a", "correct", 5, 2.5), ("a", "correct", 3, 1.0), ("b", "correct", 4, 1.0)]
    frame = ask(base_by_base=scored(OWN, "base"), rl_by_base=scored(rl, "rl"))
    every = row(frame, "rl-by-base", "any")
    # a: 2.5 stands above 2 of 3, 1.0 ties with the first: (2/3 + 1/6) / 2; b: below both.
    assert every["rank"] == pytest.approx((5 / 12 + 0) / 2)
    assert (every["ranked"], every["responses"], every["problems"]) == (2, 3, 2)
    assert every["median"] == 1.0
    # The same lengths alone: 2.5 among {2, 3}, 1.0 among {1}.
    assert every["matched"] == pytest.approx(((1 / 2 + 1 / 2) / 2 + 0) / 2)
    right = row(frame, "rl-by-base", "correct")
    assert right["ranked"] == 1  # the base has no right response to b
    assert right["rank"] == pytest.approx((1 / 2 + 1 / 4) / 2)
    assert "wrong" not in frame.filter(pl.col("score") == "rl-by-base")["verdict"]


def test_a_models_own_responses_stand_in_the_middle():
    frame = ask(base_by_base=scored(OWN, "base"))
    assert frame["rank"].to_list() == pytest.approx([0.5] * frame.height)
    assert frame["matched"].to_list() == pytest.approx([0.5] * frame.height)


def test_limits_hold_the_estimate_and_the_order_of_rows_does_not_count():
    draw = np.random.default_rng(3)
    rows = [(f"p{i:02}", "correct", 4, float(draw.uniform(1, 3))) for i in range(40) for _ in "123"]
    own, rl = scored(rows, "base"), scored([(*r[:3], r[3] + 0.5) for r in rows], "rl")
    frame = ask(base_by_base=own, rl_by_base=rl)
    first = row(frame, "rl-by-base", "any")
    assert 0.5 < first["rank_low"] < first["rank"] < first["rank_high"] < 1
    mixed = replace(rl, table=rl.table.sample(fraction=1, shuffle=True, seed=1))
    assert row(ask(base_by_base=own, rl_by_base=mixed), "rl-by-base", "any") == pytest.approx(first)


def test_without_own_responses_there_is_no_rank():
    frame = ask(teacher_by_base=scored(OWN, "teacher", own=None))
    assert frame["rank"].null_count() == frame.height
    assert frame["ranked"].sum() == 0
    TABLE.check(frame)


def test_ranks_of_a_power_of_the_own_distribution():
    """Responses drawn with p^2 / Z have a lower perplexity than the own: by a known mean rank."""
    p = np.array([0.5, 0.3, 0.2])
    values = 1 / p
    own = np.repeat(values, (p * 1000).astype(int))
    sharp = p**2 / (p**2).sum()
    found = float(sharp @ rank_among(values, own))
    known = sum(
        s * (p[values < v].sum() + p[values == v].sum() / 2)
        for s, v in zip(sharp, values, strict=True)
    )
    assert found == pytest.approx(known)
    assert found < 0.5
    assert math.isclose(float(p @ rank_among(values, own)), 0.5)
