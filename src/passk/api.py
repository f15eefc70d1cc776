"""Functions of the public interface that join several modules; see `passk`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from passk.core.schemas.counts import COUNTS
from passk.core.schemas.samples import SAMPLES
from passk.core.schemas.verdicts import VERDICTS

if TYPE_CHECKING:
    from passk.domains.verdict import Verdict


def judge(
    golds: Sequence[str],
    responses: Sequence[str],
    *,
    domain: str = "math",
    truncated: Sequence[bool] | None = None,
) -> "list[Verdict]":
    r"""Verdicts on responses, with the domain's default options.

    Args:
        golds: what each response is judged by: reference answers (math), or what
            `passk.domains.visual.gold.Gold.dump` or `passk.domains.code.test_cases.Tests.dump`
            write (visual, code).
        responses: texts, as many.
        domain: a name in `passk.domains.registry`: `math`, `visual`, `code` (programs run in a
            sandbox, which needs bubblewrap), or of an installed package.
        truncated: whether a response ended at its length limit; such a one without a final answer
            is `unknown`.

    Raises:
        ValueError: unequal lengths, or an unknown domain.

    Example:
        >>> [v.verdict for v in judge(["12", "12"], [r"\boxed{12}", r"\boxed{13}"])]
        ['correct', 'wrong']
    """
    from passk.domains.grading import JudgeResources
    from passk.domains.registry import DOMAINS
    from passk.domains.settings import Verification

    judging_domain = DOMAINS[domain]
    if len(golds) != len(responses):
        raise ValueError(f"{len(golds)} golds for {len(responses)} responses; as many are needed")
    with judging_domain.judge(Verification(), JudgeResources()) as judging:
        return judging(golds, responses, truncated)


def read_samples(path: Path | str) -> pl.DataFrame:
    """A study's samples: a row per response; columns in `passk.core.schemas.samples`.

    Raises:
        TableError: the file is missing, damaged, or another table.
    """
    return SAMPLES.read(Path(path))


def read_verdicts(path: Path | str) -> pl.DataFrame:
    """A study's verdicts: a row per response; raises as `read_samples`."""
    return VERDICTS.read(Path(path))


def read_counts(path: Path | str) -> pl.DataFrame:
    """A study's counts: `n, c, unknown` of each problem; raises as `read_samples`."""
    return COUNTS.read(Path(path))
