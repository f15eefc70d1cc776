"""Judging many responses: each distinct (gold, answer) once, in the cheapest way that is sure.

In this order: a plain-number or same-string shortcut, the verdict cache, a worker process.
"""

from collections.abc import Sequence

from passk.core.closing import Closing
from passk.domains.grading import Progress, silent
from passk.domains.math.numerals import decide
from passk.domains.math.options import MathOptions
from passk.domains.math.reading import read_answer
from passk.domains.math.worker_limits import WorkerLimits
from passk.domains.math.workers import Pool, WorkerRequest
from passk.domains.verdict import (
    CORRECT,
    DIFFERENT,
    EQUAL,
    NO_ANSWER,
    TRUNCATED,
    UNKNOWN,
    WRONG,
    Verdict,
)
from passk.domains.verdict_cache import WHOLE, VerdictCache


class MathJudge(Closing):
    r"""Judges math responses against gold answers; a context manager that ends its workers.

    Args:
        options: of the grader.
        cache: verdicts kept between runs; without one, all are worked out anew.
        limits: of the worker processes.
        progress: wraps the stream of results; silent by default.

    Example:
        >>> with MathJudge(MathOptions()) as judge:
        ...     [v.verdict for v in judge(["12", "12"], [r"\boxed{12}", r"\boxed{13}"])]
        ['correct', 'wrong']
    """

    def __init__(
        self,
        options: MathOptions,
        cache: VerdictCache | None = None,
        limits: WorkerLimits | None = None,
        *,
        progress: Progress = silent,
    ) -> None:
        self.options = options
        self.grader = options.grader()
        self._cache = cache
        self._pool = Pool(options, limits)
        self._progress = progress

    def close(self) -> None:
        """End the workers and close the cache."""
        self._pool.close()
        if self._cache is not None:
            self._cache.close()

    def __call__(
        self, golds: Sequence[str], texts: Sequence[str], cut: Sequence[bool] | None = None
    ) -> list[Verdict]:
        r"""A verdict for each response.

        Args:
            golds: reference answers.
            texts: responses, as many.
            cut: whether a response ended at its length limit. Such a response states an answer
                only in a closed `\boxed{}`; without one it is unknown (truncated).

        Returns:
            Verdicts in the order of the responses.

        Raises:
            ValueError: the sequences differ in length.
            WorkerError: workers do not start.
        """
        rows = [
            self._read(*row) for row in zip(golds, texts, cut or [False] * len(texts), strict=True)
        ]
        known = self._judge_requests({row for row in rows if isinstance(row, WorkerRequest)})
        return [known[row] if isinstance(row, WorkerRequest) else row for row in rows]

    def _read(self, gold: str, text: str, cut: bool) -> WorkerRequest | Verdict:
        """What has to be judged of a response, or a verdict on it."""
        answer = read_answer(text, without_anchor=self.options.without_anchor)
        if cut and (answer is None or not answer.closed):
            return Verdict(UNKNOWN, TRUNCATED, None)
        if answer is None:
            return Verdict(WRONG, NO_ANSWER, None)
        return WorkerRequest(gold, answer.text, boxed=True)

    def _judge_requests(self, requests: set[WorkerRequest]) -> dict[WorkerRequest, Verdict]:
        """Verdicts on distinct requests, from shortcuts, the cache, and workers."""
        verdicts: dict[WorkerRequest, Verdict] = {}
        unjudged: list[tuple[WorkerRequest, str]] = []
        for request in requests:
            if (verdict := self._shortcut(request)) is not None:
                verdicts[request] = verdict
                continue
            key = self._cache.key(*request) if self._cache is not None else ""
            if self._cache is not None and (verdict := self._cache.get(key)) is not None:
                verdicts[request] = verdict
            else:
                unjudged.append((request, key))
        unjudged.sort()  # by gold: a worker parses each gold once
        results = self._pool.judge([request for request, _ in unjudged])
        for number, result in self._progress(results, len(unjudged)):
            request, key = unjudged[number]
            verdicts[request] = verdict = result if result is not None else WHOLE
            if self._cache is not None:
                self._cache.put(key, verdict)
        return verdicts

    def _shortcut(self, request: WorkerRequest) -> Verdict | None:
        if not request.boxed:
            return None
        equal = decide(request.gold, request.text, self.options.float_rounding)
        if equal is None:
            return None
        if equal:
            return Verdict(CORRECT, EQUAL, request.text)
        return Verdict(WRONG, DIFFERENT, request.text)
