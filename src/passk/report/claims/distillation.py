"""Claim 7: distillation lifts the curve at every k, and solves problems that the base does not."""

from collections.abc import Sequence
from dataclasses import replace

from passk.analysis.questions.tracing import ResultRow
from passk.report.claims import subset
from passk.report.claims.conditions import Condition, Estimate, combine
from passk.report.claims.ends import (
    FRACTION,
    JudgedEnds,
    describe_at_n,
    find_ends,
    needs_sign,
    needs_sign_at_n,
)
from passk.report.claims.sizes import size_of_signs
from passk.report.claims.verdict import (
    Claim,
    ClaimSubjects,
    ClaimVerdict,
    Results,
    conclude,
    group_rows,
    list_differences,
)
from passk.report.html.sourced_values import MINUS, Part, SourcedValue, cite

_WHAT = f"distilled {MINUS} base"


def judge(results: Results, subjects: ClaimSubjects) -> list[ClaimVerdict]:
    """Per comparison of the base and the distilled model, and set."""
    verdicts = []
    level, comparisons = subjects.level, subjects.by_role.get("distilled", ())
    covered = {
        (comparison, name): {row["category"]: row for row in rows}
        for comparison, name, rows in group_rows(results, "coverage", comparisons)
    }
    for comparison, name, rows in group_rows(results, "difference", comparisons):
        if (ends := find_ends(rows)) is None:
            continue
        coverage = covered.get((comparison, name), {})
        only = coverage.get("candidate_only")
        lifts = [need_lift(row, level) for row in ends.judged]
        signs = [*lifts, needs_sign_at_n(ends, 1, _WHAT, level)]
        conditions = [*signs, need_beyond(only, level), need_no_subset(only, level)]
        evidence = _evidence(ends, only)
        if only is not None:
            evidence += ["; base only: ", *_back(coverage["reference_only"])]
        verdicts.append(
            conclude(
                (comparison, name),
                combine(conditions, level),
                conditions,
                evidence,
                problems=ends.problems,
                size=size_of_signs(signs, ends.problems, level),
                lacking=ends.lacking,
            )
        )
    return verdicts


def need_lift(row: ResultRow, level: float) -> Condition:
    """The distilled model is ahead at one k; one of many k refutes by a band over all of them."""
    lift = needs_sign(row, 1, _WHAT, level)
    columns = ("difference", "band_low", "band_high")
    at = cite("difference", "difference", comparison=row["comparison"], set=row["set"], k=row["k"])
    band = Estimate.of(row, columns, lift.statistic, level, at).above()
    return replace(lift, fails=band.fails, refutes=band.refutes)


def need_beyond(only: ResultRow | None, level: float) -> Condition:
    """Problems that the base never solves are solved by more than luck.

    At least one by an exact test per problem (Holm), or more than the base solves alone by a sign
    test; each of the two is made at half of 1 - level, one-sided.

    Args:
        only: row `candidate_only` of `coverage`; None where there is none.
        level: of the tests.
    """
    p = 1.0 if only is None else min(1.0, 2 * min(only["certain_p"], only["sign_p"]))
    return Condition(
        "problems that the base never solves", "solved by more than luck",
        None if only is None else only["problems"], None,
        p <= 1.0 - level, supports=p,
        source=None if only is None else cite(
            "coverage", "problems", comparison=only["comparison"], set=only["set"],
            category="candidate_only",
        ),
    )  # fmt: skip


def need_no_subset(only: ResultRow | None, level: float) -> Condition:
    """What is solved is not nearly a subset of what the base solves, as claim 2 decides it."""
    words = "subset of what the base solves", "not shown to be nearly one (claim 2)"
    if only is None:
        return Condition(*words, None, None, holds=False)
    nearly = combine(subset.list_conditions(only, level), level)
    refuted = nearly.outcome > 0
    return Condition(
        *words, None, None, not refuted, refuted, 0.0 if not refuted else 1.0,
        nearly.p if refuted else 1.0,
    )  # fmt: skip


def _evidence(ends: JudgedEnds, only: ResultRow | None) -> list[Part]:
    """The k at which the difference is least certain, and the problems beyond the base."""
    rows: Sequence[ResultRow] = ends.judged
    parts: list[Part] = []
    if rows:
        least = min(rows, key=lambda row: float(row["low"]))
        above = sum(row["low"] > 0 for row in rows)
        parts += [
            f"above the base by the interval at {above} of {len(rows)} k up to n/{FRACTION}; "
        ]
        parts += [*list_differences([least], f"least certain, {_WHAT}"), "; "]
    parts += describe_at_n(ends.last)
    if only is None:
        return parts
    key = {"comparison": only["comparison"], "set": only["set"], "category": "candidate_only"}
    certain = SourcedValue(
        str(only["certain"]), only["certain"], cite("coverage", "certain", **key)
    )
    return [
        *parts, "; ", *subset.describe_outside(only, ("distilled", "base")),
        "; told apart one by one: ", certain,
    ]  # fmt: skip


def _back(row: ResultRow) -> list[Part]:
    """Problems that the base alone solves."""
    key = {"comparison": row["comparison"], "set": row["set"], "category": "reference_only"}
    at = cite("coverage", "problems", **key)
    return [SourcedValue(str(row["problems"]), row["problems"], at)]


CLAIM = Claim(
    7,
    "distillation goes beyond",
    "Distillation lifts the curve at every k and solves problems that the base model does not.",
    "Supported where the interval of distilled − base excludes 0 from above at every k of at most "
    f"n/{FRACTION}, McNemar’s exact test shows more problems solved in n samples, and problems "
    "that the base never solves are solved by more than luck: at least one by an exact test per "
    "problem (Holm’s correction over the set), or more of them than the base solves alone by a "
    "sign test, each one-sided at half of 1 − level; not supported where limits that hold at every "
    "k at once show the base ahead at some such k, or where the distilled model solves nearly a "
    "subset (claim 2); undecided otherwise, as it must be where both models reach the ceiling.",
    judge,
    roles=("distilled",),
)
