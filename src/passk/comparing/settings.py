"""What a comparison asks: the same questions as a study, of one pair of draws."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from passk.analysis.settings import Analysis, Bootstrap, Comparison
from passk.comparing.draws import CANDIDATE, REFERENCE
from passk.logs.side import ONE_SET
from passk.report.settings import ReportSettings

COMPARED = "compared"
QUESTIONS = ("pass_at_k", "difference", "crossover", "coverage", "histogram", "efficiency")
SECTIONS = ("pass_at_k", "difference", "coverage", "histogram", "efficiency", "bounds", "reading")


def attempts(n: int) -> list[int]:
    """Powers of two up to the number of samples, and that number.

    Example:
        >>> attempts(24)
        [1, 2, 4, 8, 16, 24]
    """
    powers = [2**power for power in range(n.bit_length()) if 2**power <= n]
    return sorted({*powers, n})


def analysis(n: int, resamples: int, level: float) -> Analysis:
    """The section `analysis` of a comparison whose problems have at least n samples."""
    return Analysis(
        questions=dict.fromkeys(QUESTIONS, "counts"),
        k=attempts(n),
        comparisons={COMPARED: Comparison(reference=REFERENCE, candidate=CANDIDATE)},
        efficiency_k=n,
        bootstrap=Bootstrap(resamples=resamples, level=level),
    )


def report(title: str, labels: Mapping[str, str], sets: Sequence[str]) -> ReportSettings:
    """The section `report` of a comparison."""
    return ReportSettings(
        title=title,
        subtitle=f"{labels[CANDIDATE]} against {labels[REFERENCE]}, problem by problem.",
        labels={ONE_SET: "all problems", **labels},
        sets=list(sets),
        paper=False,
        sections=list(SECTIONS),
        judged_claims=["crossover", "subset"],
    )


def label(paths: Sequence[Path]) -> str:
    """What a side is called that nobody named: its file, or the folder of several.

    Example:
        >>> label([Path("runs/base.jsonl")]), label([Path("rl/s0.jsonl"), Path("rl/s1.jsonl")])
        ('base', 'rl')
    """
    if len(paths) == 1 or paths[0].parent.name == "":
        return paths[0].name.split(".")[0]
    return paths[0].parent.name
