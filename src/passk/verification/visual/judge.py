"""Judging responses about pictures: extraction, plain rules, and Math-Verify for the rest.

Plain numbers, which most answers are, are decided here; a worker process of the math judge starts
only for a formula.
"""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from passk.verification.cache import VerdictCache
from passk.verification.grading import Progress
from passk.verification.math.extraction import closed_box
from passk.verification.math.judge import MathJudge
from passk.verification.math.options import MathOptions
from passk.verification.verdict import (
    CORRECT,
    DIFFERENT,
    EQUAL,
    NO_ANSWER,
    TRUNCATED,
    UNKNOWN,
    WRONG,
    Verdict,
)
from passk.verification.visual.comparing import equal
from passk.verification.visual.extraction import answer_of
from passk.verification.visual.gold import Gold

VERSION = 1  # raised when a rule changes a verdict


class VisualJudge:
    r"""Judges responses about pictures; a context manager that ends the math judge's workers.

    Args:
        options: of Math-Verify, for answers that are no plain numbers.
        cache: of its verdicts.
        timeout, workers, memory, progress: of the math judge.

    Example:
        >>> gold = Gold("0.2", "float", 1, ()).dump()
        >>> with VisualJudge(MathOptions()) as judge:
        ...     [v.verdict for v in judge([gold] * 2, [r"\boxed{0.214}", "It is 0.3 m."])]
        ['correct', 'wrong']
    """

    def __init__(
        self,
        options: MathOptions,
        cache: VerdictCache | None = None,
        *,
        timeout: float = 5.0,
        workers: int = 2,
        memory: int = 4 << 30,
        progress: Progress = lambda results, _: results,
    ) -> None:
        self.grader = grader(options)
        self._math = MathJudge(
            options, cache, timeout=timeout, workers=workers, memory=memory, progress=progress
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._math.__exit__(kind, error, trace)

    def __call__(
        self, golds: Sequence[str], texts: Sequence[str], cut: Sequence[bool] | None = None
    ) -> list[Verdict]:
        """A verdict for each response; see `passk.verification.grading.Judge`.

        Args:
            golds: what `passk.verification.visual.gold.Gold.dump` wrote.
            texts: responses.
            cut: whether each ended at its length limit. Such a response states an answer only in
                a closed box; without one it is unknown (truncated).
        """
        known: dict[tuple[str, str, bool], Verdict | tuple[str, str]] = {}
        rows = list(zip(golds, texts, cut or [False] * len(texts), strict=True))
        for row in rows:
            if row not in known:
                known[row] = _plain(*row)
        open_ = {pair: None for pair in known.values() if not isinstance(pair, Verdict)}
        boxes = [rf"\boxed{{{answer}}}" for _, answer in open_]
        told = self._math([answer for answer, _ in open_], boxes) if open_ else []
        judged = {
            pair: Verdict(found.verdict, found.reason, pair[1])
            for pair, found in zip(open_, told, strict=True)
        }
        found = (known[row] for row in rows)
        return [one if isinstance(one, Verdict) else judged[one] for one in found]


def grader(options: MathOptions) -> str:
    """The judge's name, which tells all that decides a verdict."""
    return f"visual {VERSION}, {options.grader()}"


def _plain(dumped: str, text: str, cut: bool) -> Verdict | tuple[str, str]:
    """A verdict by plain rules, or the reference answer and the answer that algebra must compare."""
    if cut and not closed_box(text):
        return Verdict(UNKNOWN, TRUNCATED, None)
    gold, answer = Gold.load(dumped), answer_of(text)
    if answer is None:
        return Verdict(WRONG, NO_ANSWER, None)
    right = equal(gold, answer)
    if right is None:
        return gold.answer, answer
    return Verdict(CORRECT, EQUAL, answer) if right else Verdict(WRONG, DIFFERENT, answer)
