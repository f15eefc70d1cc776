"""Measures beside pass@k of every draw and set, with intervals; see `passk.analysis.measures`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl
from scipy.special import betaln, xlog1py, xlogy

from passk.analysis.bootstrap import CountMeasure, bootstrap_mean, draw_problems
from passk.analysis.evaluation_groups import EvaluationGroup, clip
from passk.analysis.forecast import SuccessDistribution, fit
from passk.analysis.measures import bayes_interval, g_pass_at_k, mg_pass_at_k, pass_hat_k
from passk.analysis.metrics import Floats, Integers
from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.questions.question import AnalysisQuestion
from passk.analysis.questions.tracing import trace_draw
from passk.core.digests import seed as seed_of
from passk.core.tables import Table

TAUS = (0.01, 0.1, 0.25, 0.5, 0.75, 0.9)  # of Cover@tau
STABLE = 0.5  # tau of G-Pass@k

TABLE = Table(
    "measures",
    1,
    {
        "draw": pl.String(),
        "model": pl.String(),
        "set": pl.String(),
        "measure": pl.String(),  # pass_hat | g_pass | mg_pass | cover | bayes
        "k": pl.Int64(),  # 0 where the measure has none
        "tau": pl.Float64(),  # 0 where the measure has none
        "value": pl.Float64(),
        "low": pl.Float64(),  # for problems like these; of `bayes`, for these problems alone
        "high": pl.Float64(),
        "problems": pl.Int64(),
    },
    key=("draw", "set", "measure", "k", "tau"),
)


@dataclass(frozen=True)
class _Measure:
    """One column of the bootstrap: what it is called, and its value for counts."""

    name: str
    k: int
    tau: float
    value: Callable[[Integers, Integers], Floats]


def estimate_measures(inputs: QuestionInputs) -> pl.DataFrame:
    """A row per measure, k or tau, of every draw that is no greedy decoding."""
    rows = [
        {"draw": group.draw, "model": group.model, "set": group.set, **row}
        for group in inputs.groups.values()
        if not group.greedy
        for row in _estimate(inputs, group)
    ]
    return pl.DataFrame(rows, schema=dict(TABLE.columns))


def _estimate(inputs: QuestionInputs, group: EvaluationGroup) -> Iterator[dict[str, object]]:
    measures = _list_measures(clip(inputs.analysis.k, group), fit(group.n, group.c))
    low, high, values = _bootstrap(inputs, group, measures)
    size = len(group.problem_ids)
    for i, measure in enumerate(measures):
        yield {
            "measure": measure.name, "k": measure.k, "tau": measure.tau,
            "value": values[i], "low": low[i], "high": high[i], "problems": size,
        }  # fmt: skip
    mean, lower, upper = bayes_interval(group.n, group.c, inputs.analysis.bootstrap.level)
    yield {
        "measure": "bayes", "k": 0, "tau": 0.0, "value": mean,
        "low": lower, "high": upper, "problems": size,
    }  # fmt: skip


def _list_measures(grid: list[int], spread: SuccessDistribution) -> list[_Measure]:
    """All columns; at k = 1 every measure of k is accuracy, which pass@1 shows."""
    by_k = [
        measure
        for k in grid
        if k > 1
        for measure in (
            _Measure("pass_hat", k, 0.0, partial(pass_hat_k, k=k)),
            _Measure("g_pass", k, STABLE, partial(g_pass_at_k, k=k, tau=STABLE)),
            _Measure("mg_pass", k, 0.0, partial(mg_pass_at_k, k=k)),
        )
    ]
    return by_k + [_Measure("cover", 0, tau, partial(spread.exceeds, tau=tau)) for tau in TAUS]


def _bootstrap(
    inputs: QuestionInputs, group: EvaluationGroup, measures: list[_Measure]
) -> tuple[Floats, Floats, Floats]:
    """Lower and upper limits and estimates, each one per measure."""

    def value(n: Integers, c: Integers) -> Floats:
        return np.stack([measure.value(n, c) for measure in measures], axis=1)

    def expected(n: Integers, rates: Floats) -> Floats:
        tables = {size: value(np.full(size + 1, size), np.arange(size + 1)) for size in set(n)}
        each = zip(n, rates, strict=True)
        return np.stack([_binomial(int(size), rate) @ tables[size] for size, rate in each])

    bootstrap = inputs.analysis.bootstrap
    names = (inputs.seed, group.draw, group.set)
    problems = np.random.default_rng(seed_of("bootstrap problems", inputs.seed, group.set))
    samples = np.random.default_rng(seed_of("bootstrap measures", *names))
    drawn = draw_problems(len(group.problem_ids), bootstrap.resamples, problems)
    curve = bootstrap_mean(group.n, group.c, CountMeasure(value, expected), drawn, samples)
    return *curve.interval(bootstrap.level), curve.estimate


def _binomial(n: int, p: float) -> Floats:
    """(n + 1,) chances of 0..n successes."""
    c = np.arange(n + 1)
    log_choose = -betaln(c + 1, n - c + 1) - np.log(n + 1)
    return np.asarray(np.exp(log_choose + xlogy(c, p) + xlog1py(n - c, -p)))


QUESTION = AnalysisQuestion(TABLE, estimate_measures, trace_draw)
