"""The claims as declared hypotheses: `reports/claims.json`, generated from the verdicts themselves.

One entry per claim: what is claimed, the rule, and every cell that it was judged on, the primary
one marked. A cell lists the conditions that the claim needs (its alternative hypothesis), the null
hypothesis of each, what was measured, and what would change the verdict.
"""

from collections.abc import Sequence
from typing import Any

from passk.report.claims.conditions import Condition
from passk.report.claims.judging import Judged
from passk.report.claims.sizes import POWER
from passk.report.claims.verdict import NOT_SUPPORTED, SUPPORTED, ClaimVerdict
from passk.report.html.sourced_values import to_text

FORMAT = 1
_ACROSS_CELLS = (
    "the primary cell at the stated level; all other cells of a part of the claim together by "
    "Holm; none across claims"
)
_DIGITS = 12
_OPPOSITES = {
    "above": "at most",
    "below": "at least",
    "at most": "above",
    "within": "beyond",
    "not shown to be": "shown to be",
}


def describe_claims(judged: Judged, level: float) -> dict[str, Any]:
    """All claims that were judged.

    Args:
        judged: claims with their verdicts.
        level: of intervals and tests.
    """
    return {
        "format": FORMAT,
        "level": level,
        "multiplicity": _ACROSS_CELLS,
        "claims": [
            {
                "number": claim.number,
                "claim": claim.statement,
                "rule": claim.rule,
                "cells": [describe_cell(verdict) for verdict in verdicts],
            }
            for claim, verdicts in judged
        ],
    }


def describe_cell(verdict: ClaimVerdict) -> dict[str, Any]:
    """One cell: where it is, what was decided, on which conditions, and what would change it."""
    size = verdict.size
    return {
        "subject": verdict.subject,
        "set": verdict.set,
        "part": verdict.part or None,
        "primary": verdict.primary,
        "verdict": verdict.verdict,
        "by_itself": verdict.alone or verdict.verdict,
        "p_value": _number(verdict.p),
        "problems": verdict.problems,
        "problems_needed": None
        if size is None
        else {"at_least": size.least, "power": POWER, "for_power": size.power, "if": size.assuming},
        "conditions": [describe_condition(condition) for condition in verdict.conditions],
        "would_change": list_changes(verdict),
        "evidence": to_text(verdict.evidence),
    }


def describe_condition(condition: Condition) -> dict[str, Any]:
    """A statistic with its interval, the null hypothesis that the claim rejects, and its state."""
    source = condition.source
    return {
        "statistic": condition.statistic,
        "claimed": condition.needs,
        "null": _negate(condition.needs),
        "estimate": _number(condition.value),
        "interval": None
        if condition.limits is None
        else [_number(limit) for limit in condition.limits],
        "p_value": _number(condition.supports),
        "state": _state(condition),
        "row": None if source is None else source.row,
        "column": None if source is None else source.column,
    }


def list_changes(verdict: ClaimVerdict) -> list[str]:
    """What would change the verdict, in words."""
    decided = verdict.alone or verdict.verdict
    conditions = verdict.conditions
    if verdict.alone:
        return [f"as the only cell it is {verdict.alone}: a smaller p-value, or fewer cells"]
    if decided == SUPPORTED:
        return [f"no longer to be shown: {_words(condition)}" for condition in conditions]
    if decided == NOT_SUPPORTED:
        return [f"not to be excluded: {_words(c)}" for c in conditions if c.fails]
    changes = [f"to be shown: {_words(c)}" for c in conditions if not c.holds]
    if verdict.lacking:
        changes.append(f"needs {verdict.lacking}")
    if verdict.size is not None:
        changes += _sizes(verdict)
    return changes


def _sizes(verdict: ClaimVerdict) -> Sequence[str]:
    size = verdict.size
    if size is None:
        return []
    if size.power is None:
        return ["more problems would not do while an estimate lies on the other side"]
    return [f"about {size.power} problems for power {POWER:g}, if {size.assuming}"]


def _words(condition: Condition) -> str:
    return f"{condition.statistic} {condition.needs}"


def _negate(needs: str) -> str:
    """The null hypothesis of a condition.

    Example:
        >>> _negate("above 0"), _negate("within ±0.05"), _negate("below 0 by McNemar's test")
        ('at most 0', 'beyond ±0.05', "at least 0 by McNemar's test")
    """
    for word, opposite in _OPPOSITES.items():
        if needs.startswith(word):
            return opposite + needs.removeprefix(word)
    return f"not {needs}"


def _state(condition: Condition) -> str:
    if condition.fails:
        return "excluded"
    return "shown" if condition.holds else "open"


def _number(value: float | None) -> float | None:
    """As in the tables; far digits of derived numbers depend on nothing but the order of sums."""
    return None if value is None else round(float(value), _DIGITS)
