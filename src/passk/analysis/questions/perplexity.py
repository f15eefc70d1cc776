"""How likely a model finds responses, beside its own (the paper's Figure 6 and Appendix D.4).

A response's perplexity says little by itself: short answers and easy problems have a low one. So it
is ranked among the responses that the scoring model drew itself for the same problem. A mean rank
near a half says that the model might have drawn such a response; near one, that it would not.
"""

from collections.abc import Iterator

import numpy as np
import polars as pl

from passk.analysis.bootstrap import BootstrapCurve, draw_problems
from passk.analysis.metrics import Floats
from passk.analysis.questions.inputs import QuestionInputs
from passk.analysis.questions.question import AnalysisQuestion
from passk.analysis.questions.tracing import trace_draw
from passk.core.digests import seed as seed_of
from passk.core.schemas.verdicts import CORRECT, WRONG
from passk.core.tables import Table

ANY = "any"

TABLE = Table(
    "perplexity",
    1,
    {
        "score": pl.String(),  # the entry of `scores:`
        "draw": pl.String(),  # whose responses
        "model": pl.String(),  # whose probabilities
        "own": pl.String(),  # the entry that scores this model's own responses; null: none does
        "set": pl.String(),
        "verdict": pl.String(),  # any | correct | wrong
        "responses": pl.Int64(),
        "problems": pl.Int64(),  # that have such a response
        "lower": pl.Float64(),  # quartiles of perplexity over responses
        "median": pl.Float64(),
        "upper": pl.Float64(),
        # Mean over problems of the mean rank among own responses with the same verdict: 0 to 1.
        "rank": pl.Float64(),
        "rank_low": pl.Float64(),
        "rank_high": pl.Float64(),
        "ranked": pl.Int64(),  # problems where both models have such responses
        # The same among own responses that have the same number of tokens, too.
        "matched": pl.Float64(),
        "matched_low": pl.Float64(),
        "matched_high": pl.Float64(),
        "matchable": pl.Int64(),
    },
    key=("score", "set", "verdict"),
    nullable=frozenset(
        {"own", "rank", "rank_low", "rank_high", "matched", "matched_low", "matched_high"}
    ),
)


def rank_among(values: Floats, own: Floats) -> Floats:
    """Mid-ranks of values among others: the share below, and half of the share that is equal.

    Args:
        values: (V,) of any order.
        own: (W,), at least one.

    Example:
        >>> rank_among(np.array([1.0, 2.0, 5.0]), np.array([2.0, 1.0, 3.0, 4.0])).tolist()
        [0.125, 0.375, 1.0]
    """
    ordered = np.sort(own)
    below = np.searchsorted(ordered, values, side="left")
    return (below + np.searchsorted(ordered, values, side="right")) / (2.0 * len(own))


def rank_perplexities(inputs: QuestionInputs) -> pl.DataFrame:
    """A row for each score, set and verdict; `any` has right, wrong and unknown responses."""
    rows = []
    for name, scored in inputs.scores.items():
        own = inputs.scores.get(scored.own) if scored.own else None
        for set_name in sorted(scored.table["set"].unique()):
            of_set = pl.col("set") == set_name
            for verdict in (ANY, CORRECT, WRONG):
                chosen = of_set if verdict == ANY else of_set & (pl.col("verdict") == verdict)
                responses = scored.table.filter(chosen)
                if responses.is_empty():
                    continue
                others = None if own is None else own.table.filter(chosen)
                rows.append(
                    {
                        "score": name, "draw": scored.draw, "model": scored.model,
                        "own": scored.own, "set": set_name, "verdict": verdict,
                        **_describe(responses),
                        **_rank(inputs, set_name, responses, others),
                    }
                )  # fmt: skip
    return pl.DataFrame(rows, schema=dict(TABLE.columns))


def _describe(responses: pl.DataFrame) -> dict[str, object]:
    lower, median, upper = np.quantile(responses["perplexity"].to_numpy(), [0.25, 0.5, 0.75])
    return {
        "responses": responses.height, "problems": responses["problem_id"].n_unique(),
        "lower": float(lower), "median": float(median), "upper": float(upper),
    }  # fmt: skip


def _rank(
    inputs: QuestionInputs, name: str, responses: pl.DataFrame, own: pl.DataFrame | None
) -> dict[str, object]:
    """Mean ranks with intervals over problems; null where no problem has responses of both."""
    made: dict[str, object] = {}
    for column, size, keys in (
        ("rank", "ranked", ["problem_id"]),
        ("matched", "matchable", ["problem_id", "n_tokens"]),
    ):
        ranks = dict(_rank_problems(responses, own, keys)) if own is not None else {}
        mean: tuple[float | None, float | None, float | None] = (None, None, None)
        if ranks:
            mean = _average(inputs, name, np.array(list(ranks.values())))
        made |= {column: mean[0], f"{column}_low": mean[1], f"{column}_high": mean[2]}
        made[size] = len(ranks)
    return made


def _rank_problems(
    responses: pl.DataFrame, own: pl.DataFrame, keys: list[str]
) -> Iterator[tuple[str, float]]:
    """Each problem's mean rank among own responses that agree in `keys`, in the order of ids."""
    others = {key: part["perplexity"].to_numpy() for key, part in own.group_by(keys)}
    ranks: dict[str, list[Floats]] = {}
    for key, part in responses.sort([*keys, "sample_index"]).group_by(keys, maintain_order=True):
        if key in others:
            found = rank_among(part["perplexity"].to_numpy(), others[key])
            ranks.setdefault(str(key[0]), []).append(found)
    for problem in sorted(ranks):
        yield problem, float(np.concatenate(ranks[problem]).mean())


def _average(inputs: QuestionInputs, name: str, ranks: Floats) -> tuple[float, float, float]:
    """Mean over problems, and its limits by a bootstrap of problems."""
    bootstrap = inputs.analysis.bootstrap
    generator = np.random.default_rng(seed_of("bootstrap problems", inputs.seed, name))
    drawn = draw_problems(len(ranks), bootstrap.resamples, generator)
    curve = BootstrapCurve(
        np.array([ranks.mean()]), ranks[drawn].mean(axis=1)[:, None], ranks[:, None]
    )
    low, high = curve.interval(bootstrap.level)
    return float(ranks.mean()), float(low[0]), float(high[0])


QUESTION = AnalysisQuestion(TABLE, rank_perplexities, trace_draw, reads="scores")
