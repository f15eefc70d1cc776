"""A claim: a rule beats the model whose prompts it reads."""

from passk.report.claims.verdict import (
    NOT_SUPPORTED,
    SUPPORTED,
    UNDECIDED,
    Claim,
    ClaimSubjects,
    ClaimVerdict,
    Results,
    differences,
    limits,
    rows_by_set,
    sign,
)

_VERDICTS = {1: SUPPORTED, 0: UNDECIDED, -1: NOT_SUPPORTED}


def judge(results: Results, subjects: ClaimSubjects) -> list[ClaimVerdict]:
    """Per comparison and set, by the interval of the difference at the largest k."""
    verdicts = []
    for comparison, name, rows in rows_by_set(
        results, "difference", subjects.by_role.get("rule", ())
    ):
        last = max(rows, key=lambda row: int(row["k"]))
        evidence = tuple(differences([last], "rule less model"))
        verdicts.append(ClaimVerdict(comparison, name, _VERDICTS[sign(*limits(last))], evidence))
    return verdicts


CLAIM = Claim(
    101,
    "rules win",
    "A rule solves more problems than a model.",
    "By the sign of the difference at the largest k, where its interval excludes 0.",
    judge,
    roles=("rule",),
)
