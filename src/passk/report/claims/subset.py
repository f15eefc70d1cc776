"""Claim 2: what RL can solve is nearly a subset of what the base model can.

Two draws of one model differ too: on hard problems each solves some by luck that the other does
not. So luck may neither refute the claim nor hide what would:

- refuted by problems that are beyond luck, taken together, alone (`passk.analysis.proportions.
  count_beyond_luck`): of two draws of one model there are none in 1 - (1 - level) / 2 of studies,
  whatever their success rates are, and however many problems there are;
- supported by problems that RL solves robustly, of which luck leaves few unsolved by an equal
  base, as long as not more than the same share of all that RL solves is beyond luck.
"""

from dataclasses import replace
from math import ceil

from passk.analysis.proportions import wilson
from passk.analysis.questions.tracing import ResultRow
from passk.report.claims.conditions import Condition, Estimate, combine
from passk.report.claims.sizes import SizeNeeded, count_solvable
from passk.report.claims.verdict import (
    THRESHOLDS,
    Claim,
    ClaimSubjects,
    ClaimVerdict,
    Results,
    Thresholds,
    conclude,
    group_rows,
)
from passk.report.html.sourced_values import Part, SourcedValue, ValueSource, cite, format_decimal

PUBLISHED_SHARE = 0.01  # of RL-solvable problems on MATH500, which the paper's RL alone solves


def judge(results: Results, subjects: ClaimSubjects) -> list[ClaimVerdict]:
    """Per comparison of RL and its base, and set: RL-solvable problems that base never solves."""
    verdicts = []
    for comparison, name, rows in group_rows(results, "coverage", subjects.by_role.get("rl", ())):
        row = next(row for row in rows if row["category"] == "candidate_only")
        problems = sum(entry["problems"] for entry in rows)
        conditions = list_conditions(row, subjects.level)
        who = subjects.roles.trained, subjects.roles.base
        verdicts.append(
            conclude(
                (comparison, name),
                combine(conditions, subjects.level),
                conditions,
                describe_outside(row, who),
                problems=problems,
                size=find_size(row, problems, subjects.level),
                lacking=_find_lacking(row),
            )
        )
    return verdicts


def list_conditions(
    row: ResultRow, level: float, thresholds: Thresholds = THRESHOLDS
) -> list[Condition]:
    """What the claim needs, from the row `candidate_only` of `coverage`.

    Args:
        row: its counts and limits.
        level: of the limits.
        thresholds: how large a share is nearly none.
    """
    limit = thresholds.candidate_only
    share = Condition(
        "share of robustly solved problems that the other never solves", f"at most {limit:g}",
        row["outside"], None, holds=False, source=_source(row, "outside"),
    )  # fmt: skip
    if row["outside"] is not None:
        columns = ("outside", "outside_low", "outside_high")
        estimate = Estimate.of(row, columns, share.statistic, level, _source(row, "outside"))
        robust = estimate.at_most(limit)
        # Luck has a part in this share: it supports, and refutes nothing.
        share = replace(robust, holds=robust.holds and row["same_n"], fails=False, refutes=1.0)
    certain, solvable = row["beyond_luck"], row["solvable"]
    statistic = "share of solvable problems that are outside by more than luck, lower limit"
    beyond = Condition(
        statistic, f"at most {limit:g}", None, None, holds=False,
        source=_source(row, "beyond_luck"),
    )  # fmt: skip
    if solvable:
        low, high = wilson(certain, solvable, level)
        tested = Estimate(statistic, certain / solvable, low, high, level, beyond.source)
        least = certain <= limit * solvable
        beyond = replace(tested.at_most(limit), holds=least, supports=0.0 if least else 1.0)
    return [share, beyond]


def find_size(row: ResultRow, problems: int, level: float) -> SizeNeeded | None:
    """Problems that a verdict needs, if as large a share of them is robustly solved as here."""
    if not row["robust_solvable"]:
        return None
    least, power = count_solvable(THRESHOLDS.candidate_only, PUBLISHED_SHARE, level)
    ratio = problems / row["robust_solvable"]
    return SizeNeeded(
        ceil(least * ratio),
        ceil(power * ratio),
        f"{PUBLISHED_SHARE:.0%} of what is solved is outside (the paper’s MATH500), and as large a "
        "share is solved robustly as here",
    )


def _find_lacking(row: ResultRow) -> str:
    if not row["same_n"]:
        return "as many samples of each problem by both draws"
    if row["robust_from"] is None:
        return "more samples of each problem"
    return "" if row["robust_solvable"] else "problems that are solved robustly"


def describe_outside(row: ResultRow, who: tuple[str, str]) -> list[Part]:
    """How many of the problems that one model solves the other does not, and which by luck.

    Args:
        row: of the model's problems, `candidate_only` of `coverage`.
        who: the two models.
    """
    parts: list[Part] = [
        _count(row, "problems"), " of ", _count(row, "solvable"),
        f" {who[0]}-solvable problems are not {who[1]}-solvable, ",
        _count(row, "beyond_luck"), " or more of them by more than luck",
    ]  # fmt: skip
    if row["outside"] is not None:
        share, low, high = (
            SourcedValue(format_decimal(row[name]), row[name], _source(row, name))
            for name in ("outside", "outside_low", "outside_high")
        )
        parts += [
            "; of ", _count(row, "robust_solvable"), " solved ", _count(row, "robust_from"),
            " times or more ", _count(row, "robust"), " are not: ",
            share, " [", low, ", ", high, "]",
        ]  # fmt: skip
    return parts


def _count(row: ResultRow, column: str) -> SourcedValue:
    return SourcedValue(str(row[column]), row[column], _source(row, column))


def _source(row: ResultRow, column: str) -> ValueSource:
    key = {name: row[name] for name in ("comparison", "set", "category")}
    return cite("coverage", column, **key)


CLAIM = Claim(
    2,
    "{trained} solves a subset",
    "The problems that {trained} can solve are nearly a subset of those that {base_model} can.",
    "Solvable: at least one of n samples is correct; robustly: so many that luck is excluded (had "
    "{base_model} solved none of n, Fisher’s exact test of that problem would tell the two apart). "
    "Supported where Wilson’s interval of the share of robustly {trained}-solvable problems that "
    f"{{base_model}} never solves ends at {THRESHOLDS.candidate_only:g} or below, and no larger "
    "share of all {trained}-solvable ones is outside by more than luck; not supported where "
    "Wilson’s interval of that second share, of which two draws of one model have none, starts "
    f"above {THRESHOLDS.candidate_only:g}; undecided otherwise.",
    judge,
    roles=("rl",),
)
