"""Verdicts of every claim on the sets of the page."""

from collections.abc import Sequence
from dataclasses import replace

from passk.report.claims.registry import CLAIMS
from passk.report.claims.verdict import Claim, ClaimSubjects, ClaimVerdict
from passk.report.context import ReportContext
from passk.report.html.sourced_values import bound_shares
from passk.report.roles import Roles

Judged = list[tuple[Claim, list[ClaimVerdict]]]


def judge_claims(context: ReportContext) -> Judged:
    """Each claim that the data speak to, with its verdicts on the sets shown."""
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
        if verdicts:
            judged.append((_fill_roles(claim, roles), verdicts))
    return judged


def _fill_roles(claim: Claim, roles: Roles) -> Claim:
    return replace(
        claim,
        short=roles.fill(claim.short),
        statement=roles.fill(claim.statement),
        rule=roles.fill(claim.rule),
    )


def select_first_verdicts(judged: Judged) -> Judged:
    """Per claim, its verdict on the first set: of the first subject, and of each part."""
    short = []
    for claim, verdicts in judged:
        here = [verdict for verdict in verdicts if verdict.set == verdicts[0].set]
        parts = {verdict.part: verdict for verdict in reversed(here)}
        short.append((claim, [verdict for verdict in here if parts[verdict.part] is verdict]))
    return short


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
