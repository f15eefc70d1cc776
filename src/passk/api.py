"""Functions of the public interface that join several modules; see `passk`."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from passk.core.legal import suggest
from passk.core.schemas.counts import COUNTS
from passk.core.schemas.samples import SAMPLES
from passk.core.schemas.verdicts import VERDICTS

if TYPE_CHECKING:
    from passk.domains.verdict import Verdict

# domain -> the word with which the names of its judge and of its options begin
_JUDGES = {"math": "Math", "visual": "Visual", "code": "Code"}


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
        domain: `math`, `visual`, or `code` (programs run in a sandbox, which needs bubblewrap).
        truncated: whether a response ended at its length limit; such a one without a final answer
            is `unknown`.

    Raises:
        ValueError: unequal lengths, or an unknown domain.

    Example:
        >>> [v.verdict for v in judge(["12", "12"], [r"\boxed{12}", r"\boxed{13}"])]
        ['correct', 'wrong']
    """
    if domain not in _JUDGES:
        raise ValueError(f"domain {domain!r} is unknown; {suggest(domain, _JUDGES)}")
    if len(golds) != len(responses):
        raise ValueError(f"{len(golds)} golds for {len(responses)} responses; as many are needed")
    word, package = _JUDGES[domain], f"passk.domains.{domain}"
    options = getattr(import_module(f"{package}.options"), f"{word}Options")()
    with getattr(import_module(f"{package}.judge"), f"{word}Judge")(options) as judging:
        verdicts: list[Verdict] = judging(golds, responses, truncated)
        return verdicts


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
