"""Verdicts of every claim on the sets of the page: one primary cell each, the rest by Holm.

A claim is judged on many cells: comparisons times sets. One is declared primary: the first
comparison (or group) of its role on the first set of the page, unless `report.primary` states
another. It alone is the verdict on the claim, at the stated level. The other cells of the claim
count as one family: what they say by themselves stands where it does by Holm's correction over all
of them, and is undecided otherwise. Claims are questions of their own, and share no error.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from passk.report.claims.conditions import apply_holm
from passk.report.claims.registry import CLAIMS
from passk.report.claims.verdict import (
    NOT_SUPPORTED,
    SUPPORTED,
    UNDECIDED,
    Claim,
    ClaimSubjects,
    ClaimVerdict,
)
from passk.report.context import ReportContext
from passk.report.html.sourced_values import bound_shares
from passk.report.roles import Roles

Judged = list[tuple[Claim, list[ClaimVerdict]]]


def judge_claims(context: ReportContext) -> Judged:
    """Each claim that the data speak to, with its verdicts on the sets shown, the primary first."""
    level, roles = context.analysis.bootstrap.level, context.roles
    subjects_by_role = ClaimSubjects(context.subjects(), level, roles)
    resamples = context.analysis.bootstrap.resamples
    judged = []
    for claim in (CLAIMS[name] for name in context.params.judged_claims):
        verdicts = [
            replace(verdict, evidence=tuple(bound_shares(verdict.evidence, resamples)))
            for verdict in claim.judge(context.results, subjects_by_role)
            if verdict.set in context.every_set
        ]
        # Sets in the order of the page; subjects stay in the order of the claim.
        subjects = list(dict.fromkeys(verdict.subject for verdict in verdicts))
        verdicts.sort(key=lambda v: (subjects.index(v.subject), context.every_set.index(v.set)))
        verdicts = correct_cells(mark_primary(verdicts, _declared(context, claim)), level)
        if verdicts:
            judged.append((_fill_roles(claim, roles), verdicts))
    return judged


def _declared(context: ReportContext, claim: Claim) -> dict[str, tuple[str, str]]:
    """Primary cells that the parameters state for a claim's roles."""
    primary = context.params.primary
    roles = [role for role in claim.roles if role in primary]
    return {f"report.primary.{role}": (primary[role].subject, primary[role].set) for role in roles}


def mark_primary(
    verdicts: Sequence[ClaimVerdict], declared: Mapping[str, tuple[str, str]]
) -> list[ClaimVerdict]:
    """The verdicts with one primary cell for each part of the claim.

    Args:
        verdicts: of a claim, in the order of the page.
        declared: (subject, set) of cells that parameters state, by the parameter.

    Raises:
        ValueError: a cell that is stated is not judged, though its subject is.
    """
    cells = {(verdict.subject, verdict.set): verdict for verdict in verdicts}
    primary: dict[str, ClaimVerdict] = {}
    for parameter, (subject, set_name) in declared.items():
        sets = [verdict.set for verdict in verdicts if verdict.subject == subject]
        if sets and set_name not in sets:
            raise ValueError(
                f"{parameter}: {subject!r} is not judged on {set_name!r}; legal: {', '.join(sets)}"
            )
        if sets:
            primary.setdefault(cells[subject, set_name].part, cells[subject, set_name])
    for verdict in verdicts:
        primary.setdefault(verdict.part, verdict)
    return [replace(v, primary=primary[v.part] is v) for v in verdicts]


def correct_cells(verdicts: Sequence[ClaimVerdict], level: float) -> list[ClaimVerdict]:
    """The verdicts in which secondary ones stand together, part by part.

    Cells whose rule gives no p-value are left as they are.
    """
    corrected = list(verdicts)
    for part in dict.fromkeys(verdict.part for verdict in verdicts):
        places = [
            i
            for i, verdict in enumerate(verdicts)
            if verdict.part == part and not verdict.primary and verdict.p is not None
        ]
        stands = apply_holm([verdicts[i].p or 0.0 for i in places], level)
        for i, keeps in zip(places, stands, strict=True):
            verdict = verdicts[i]
            if not keeps and verdict.verdict in (SUPPORTED, NOT_SUPPORTED):
                corrected[i] = replace(verdict, verdict=UNDECIDED, alone=verdict.verdict)
    return corrected


def _fill_roles(claim: Claim, roles: Roles) -> Claim:
    return replace(
        claim,
        short=roles.fill(claim.short),
        statement=roles.fill(claim.statement),
        rule=roles.fill(claim.rule),
    )


def select_primary_verdicts(judged: Judged) -> Judged:
    """Per claim, the verdict on its primary cell, of each part."""
    return [(claim, [v for v in verdicts if v.primary]) for claim, verdicts in judged]


def group_subjects(verdicts: Sequence[ClaimVerdict]) -> list[tuple[list[str], list[str]]]:
    """Sets and subjects of the tables that show verdicts: subjects of one table share sets.

    Subjects of another domain have sets of their own; in one table they would leave it half empty.
    """
    tables: list[tuple[list[str], list[str]]] = []
    for subject in dict.fromkeys(verdict.subject for verdict in verdicts):
        sets = [verdict.set for verdict in verdicts if verdict.subject == subject]
        joined = [table for table in tables if set(table[0]) & set(sets)]
        tables = [table for table in tables if table not in joined]
        every = dict.fromkeys([*(name for table in joined for name in table[0]), *sets])
        tables.append((list(every), [*(name for table in joined for name in table[1]), subject]))
    order = list(dict.fromkeys(verdict.subject for verdict in verdicts))
    return sorted(tables, key=lambda table: order.index(table[1][0]))
