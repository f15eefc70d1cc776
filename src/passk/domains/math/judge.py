"""Judging many responses: each distinct (gold, answer) once, in the cheapest way that is sure.

In this order: a plain-number or same-string shortcut, the verdict cache, a worker process.
"""

from collections.abc import Sequence

from passk.core.closing import Closing
from passk.domains.grading import Progress, silent
from passk.domains.math.extraction import boxed_answer, closed_box
from passk.domains.math.numerals import decide
from passk.domains.math.options import MathOptions
from passk.domains.math.worker_limits import WorkerLimits
from passk.domains.math.workers import Pool, WorkerRequest
from passk.domains.verdict import CORRECT, DIFFERENT, EQUAL, TRUNCATED, UNKNOWN, WRONG, Verdict
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
        wanted: dict[tuple[str, str], None] = {}
        rows: list[tuple[str, str] | None] = []
        for gold, text, short in zip(golds, texts, cut or [False] * len(texts), strict=True):
            pair = None if short and not closed_box(text) else (gold, text)
            rows.append(pair)
            if pair:
                wanted[pair] = None
        known = self._judge_pairs(list(wanted))
        truncated = Verdict(UNKNOWN, TRUNCATED, None)
        return [truncated if pair is None else known[pair] for pair in rows]

    def _judge_pairs(self, pairs: list[tuple[str, str]]) -> dict[tuple[str, str], Verdict]:
        """Verdicts on distinct (gold, response)."""
        requests: dict[tuple[str, str], WorkerRequest] = {}
        for gold, text in pairs:
            answer = boxed_answer(text)
            boxed = answer is not None
            requests[gold, text] = WorkerRequest(
                gold, answer if answer is not None else text, boxed
            )
        verdicts = self._judge_requests(set(requests.values()))
        whole = {
            pair: WorkerRequest(*pair, boxed=False)
            for pair, request in requests.items()
            if verdicts[request] == WHOLE
        }
        verdicts |= self._judge_requests(set(whole.values()))
        return {pair: verdicts[whole.get(pair, request)] for pair, request in requests.items()}

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
