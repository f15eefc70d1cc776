"""Judging responses about images: extraction, plain rules, and Math-Verify for the rest.

Plain numbers and words, which most answers are, are decided here; worker processes of the math
judge start only for formulas, and only its verdicts are worth a cache.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from passk.core.closing import Closing
from passk.domains.grading import Progress, silent
from passk.domains.math.judge import MathJudge
from passk.domains.math.worker_limits import WorkerLimits
from passk.domains.verdict import (
    CORRECT,
    DIFFERENT,
    EQUAL,
    GOLD,
    NO_ANSWER,
    TRUNCATED,
    UNKNOWN,
    WRONG,
    Verdict,
)
from passk.domains.verdict_cache import VerdictCache
from passk.domains.visual.comparison import equal, for_algebra, readable
from passk.domains.visual.extraction import answer_of
from passk.domains.visual.gold import Gold
from passk.domains.visual.markup import plain
from passk.domains.visual.options import VisualOptions


class _Open(NamedTuple):
    """A reference answer and an answer that algebra must compare.

    Attributes:
        gold, answer: as written.
        formula: what of the answer is compared.
        decimals: to which floats are rounded.
    """

    gold: str
    answer: str
    formula: str
    decimals: int


class VisualJudge(Closing):
    r"""Judges responses about images; a context manager that ends the math judge's workers.

    Args:
        options: of the grader.
        cache: of the math judge's verdicts, filed under the name of its grader, so that both
            domains share them; without one, all are worked out anew.
        limits, progress: of the math judge.

    Example:
        >>> gold = Gold("0.2", "float", precision=1).dump()
        >>> with VisualJudge(VisualOptions()) as judge:
        ...     [v.verdict for v in judge([gold] * 2, [r"\boxed{0.214}", "It is 0.3 m."])]
        ['correct', 'wrong']
    """

    def __init__(
        self,
        options: VisualOptions,
        cache: VerdictCache | None = None,
        limits: WorkerLimits | None = None,
        *,
        progress: Progress = silent,
    ) -> None:
        self.options = options
        self.grader = options.grader()
        self._cache = cache
        self._limits = limits
        self._progress = progress
        # By the decimals to which Math-Verify rounds: one judge for each precision that occurs.
        self._math: dict[int, MathJudge] = {}

    def close(self) -> None:
        """End the math judges and close the cache."""
        for judge in self._math.values():
            judge.close()
        self._math.clear()
        if self._cache is not None:
            self._cache.close()

    def __call__(
        self, golds: Sequence[str], texts: Sequence[str], cut: Sequence[bool] | None = None
    ) -> list[Verdict]:
        """A verdict for each response.

        Args:
            golds: what `passk.domains.visual.gold.Gold.dump` wrote.
            texts: responses, as many.
            cut: whether a response ended at its length limit. Such a response states an answer
                only in a closed box or tag; without one it is unknown (truncated).

        Returns:
            Verdicts in the order of the responses; `answer` is what was extracted.

        Raises:
            ValueError: the sequences differ in length.
            WorkerError: workers do not start.
        """
        rows = list(zip(golds, texts, cut or [False] * len(texts), strict=True))
        read = {dumped: _read(dumped) for dumped in dict.fromkeys(golds)}
        known = {
            (dumped, text, short): self._plain(read[dumped], text, short)
            for dumped, text, short in dict.fromkeys(rows)
        }
        judged = self._formulas([result for result in known.values() if isinstance(result, _Open)])
        results = (known[row] for row in rows)
        return [judged[result] if isinstance(result, _Open) else result for result in results]

    def _plain(self, gold: Gold | None, text: str, cut: bool) -> Verdict | _Open:
        """A verdict by plain rules, or what algebra must compare."""
        if gold is None:
            return Verdict(UNKNOWN, GOLD, None)
        answer = answer_of(text, gold, without_anchor=self.options.without_anchor)
        if cut and (answer is None or not answer.closed):
            return Verdict(UNKNOWN, TRUNCATED, None)
        if answer is None:
            return Verdict(WRONG, NO_ANSWER, None)
        right = equal(gold, answer.text, truncate=self.options.truncate_integers)
        if right is None:
            decimals = self.options.math.float_rounding
            if gold.kind == "float" and gold.precision is not None:
                decimals = gold.precision
            formula = for_algebra(gold, answer.text) or answer.text
            return _Open(gold.answer, answer.text, formula, decimals)
        return Verdict(*((CORRECT, EQUAL) if right else (WRONG, DIFFERENT)), answer.text)

    def _formulas(self, pairs: Sequence[_Open]) -> dict[_Open, Verdict]:
        """Verdicts of algebra on distinct pairs."""
        known: dict[_Open, Verdict] = {}
        for decimals in sorted({pair.decimals for pair in pairs}):
            distinct = [pair for pair in dict.fromkeys(pairs) if pair.decimals == decimals]
            verdicts = self._judge(decimals)(
                [pair.gold for pair in distinct],
                [rf"\boxed{{{_balanced(pair.formula)}}}" for pair in distinct],
            )
            known |= {
                pair: verdict._replace(answer=pair.answer)
                for pair, verdict in zip(distinct, verdicts, strict=True)
            }
        return known

    def _judge(self, decimals: int) -> MathJudge:
        if decimals not in self._math:
            options = replace(self.options.math, float_rounding=decimals)
            cache = self._cache if decimals == self.options.math.float_rounding else None
            self._math[decimals] = MathJudge(options, cache, self._limits, progress=self._progress)
        return self._math[decimals]


def _read(dumped: str) -> Gold | None:
    """A reference answer; None where it cannot be read, or is not of its type."""
    try:
        gold = Gold.load(dumped)
    except ValueError:
        return None
    return gold if readable(gold) else None


def _balanced(answer: str) -> str:
    """An answer that can stand in a box: one whose braces do not match loses them."""
    bare = plain(answer)
    depth = 0
    for sign in bare:
        depth += (sign == "{") - (sign == "}")
        if depth < 0:
            break
    return bare if not depth else bare.replace("{", " ").replace("}", " ")
