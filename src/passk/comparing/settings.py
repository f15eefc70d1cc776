"""What a comparison asks: the same questions as a study, of one pair of draws."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from passk.analysis.settings import Analysis, Bootstrap, Comparison
from passk.comparing.draws import CANDIDATE, REFERENCE
from passk.logs.side import ONE_SET
from passk.report.settings import ReportSettings

COMPARED = "compared"
QUESTIONS = ("pass_at_k", "difference", "crossover", "coverage", "histogram", "efficiency")
# What tools call their files; it names no model.
_TOOLS = re.compile(
    r"(samples|details|outputs?|results?|predictions?|generations?|responses?|rollouts?|test|data|"
    r"counts?|verdicts?)(?![a-z])"
)
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


def report(
    title: str, labels: Mapping[str, str], sets: Sequence[str], *, judges_subset: bool = True
) -> ReportSettings:
    """The section `report` of a comparison.

    Args:
        title: of the page.
        labels: of both draws.
        sets: to show, in order.
        judges_subset: whether claim 2 is judged, which needs as many samples on both sides.
    """
    return ReportSettings(
        title=title,
        subtitle=f"{labels[CANDIDATE]} against {labels[REFERENCE]}, problem by problem.",
        labels={ONE_SET: "all problems", **labels},
        sets=list(sets),
        paper=False,
        sections=list(SECTIONS),
        judged_claims=["crossover", *(["subset"] if judges_subset else [])],
    )


def label_sides(sides: Sequence[Sequence[Path]]) -> dict[str, str]:
    """What the two sides are called that nobody named.

    A side is its file, or the folder of several; where both are called the same, or as a tool
    calls its files, the nearest folders whose names differ.

    Example:
        >>> rl = [Path("rl/s0.jsonl"), Path("rl/s1.jsonl")]
        >>> label_sides([[Path("runs/base.jsonl")], rl])
        {'reference': 'base', 'candidate': 'rl'}
        >>> files = [[Path(f"{name}/math/samples_gsm8k_{name}.jsonl")] for name in ("7b", "ppo")]
        >>> label_sides(files)
        {'reference': '7b', 'candidate': 'ppo'}
    """
    pairs = list(zip(*map(_names, sides), strict=False))
    pairs.append((_stem(sides[0][0]), _stem(sides[1][0])))  # several files of one folder
    differing = [pair for pair in pairs if pair[0] != pair[1] and all(pair)]
    own = [pair for pair in differing if not any(_TOOLS.match(name) for name in pair)]
    reference, candidate = next(iter(own or differing), (REFERENCE, CANDIDATE))
    return {REFERENCE: reference, CANDIDATE: candidate}


def _names(paths: Sequence[Path]) -> list[str]:
    """Names that a side may have: of its file if it is one, then of folders, the nearest first."""
    own = [_stem(paths[0])] if len(paths) == 1 else []
    return [*own, *(folder.name for folder in paths[0].absolute().parents)]


def _stem(path: Path) -> str:
    return path.name.split(".")[0]
