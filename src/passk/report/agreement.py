"""How verdicts agree with grades that somebody recorded: in a study, and of two sets of files."""

import math

import polars as pl

from passk.analysis.disagreements import cohen_kappa
from passk.domains.verdict import CORRECT, UNKNOWN, WRONG
from passk.report.reading import GradeAgreement


def agreement(verdicts: pl.Series, grades: pl.Series) -> GradeAgreement | None:
    """How verdicts and recorded grades agree; None where nothing was graded.

    Args:
        verdicts: of a draw: correct, wrong, unknown.
        grades: of the same samples, in the same order; null where nobody graded.

    Example:
        >>> agreement(pl.Series(["correct", "wrong", "unknown"]), pl.Series([True, True, True]))
        GradeAgreement(graded=2, right_here=0, right_there=1, kappa=0.0)
    """
    frame = pl.DataFrame({"verdict": verdicts, "grade": grades.cast(pl.Boolean)})
    frame = frame.filter(pl.col("grade").is_not_null() & (pl.col("verdict") != UNKNOWN))
    if frame.is_empty():
        return None
    counted = {
        (verdict, CORRECT if grade else WRONG): n
        for verdict, grade, n in frame.group_by("verdict", "grade").len().sort(pl.all()).iter_rows()
    }
    kappa = cohen_kappa(counted)
    return GradeAgreement(
        len(frame),
        counted.get((CORRECT, WRONG), 0),
        counted.get((WRONG, CORRECT), 0),
        None if math.isnan(kappa) else round(kappa, 12),
    )
