"""Judging many responses: each distinct (gold, answer) once, in the cheapest way that is sure.

In this order: rules that need no algebra, the verdict cache, a worker process.

Responses are read as workers have room, a batch at a time. What is kept of one is the digest of
what has to be judged, so that memory grows neither with the length of responses nor, but for 16
bytes and a verdict each, with their number.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from passk.core.characters import well_formed
from passk.core.closing import Closing
from passk.domains.grading import Progress, silent
from passk.domains.math.judgement import judge_without_algebra
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
from passk.domains.verdict_cache import VerdictCache, verdict_key

_BATCH = 100  # responses that are read, and looked up in the cache, at once
_AHEAD = 1000  # requests that may wait for workers before more responses are read


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
            golds: reference answers. Those of one problem are best together: a worker parses each
                gold once.
            texts: responses, as many; each is asked for once, in order, so that they need not all
                be in memory.
            cut: whether a response ended at its length limit. Such a response states an answer
                only in a closed `\boxed{}`; without one it is unknown (truncated).

        Returns:
            Verdicts in the order of the responses.

        Raises:
            ValueError: the sequences differ in length.
            WorkerError: workers do not start.
        """
        verdicts = [Verdict(UNKNOWN, TRUNCATED, None)] * len(texts)
        rows = zip(golds, texts, cut or [False] * len(texts), strict=True)
        readings = (self._read(well_formed(g), well_formed(t), short) for g, t, short in rows)
        results = self._judge(enumerate(readings))
        for row, verdict in self._progress(results, len(texts)):
            assert verdict is not None
            verdicts[row] = verdict
        return verdicts

    def _read(self, gold: str, text: str, cut: bool) -> WorkerRequest | Verdict:
        """What has to be judged of a response, or a verdict on it."""
        answer = read_answer(text, without_anchor=self.options.without_anchor)
        if cut and (answer is None or not answer.closed):
            return Verdict(UNKNOWN, TRUNCATED, None)
        if answer is None:
            return Verdict(WRONG, NO_ANSWER, None)
        return WorkerRequest(gold, answer.text)

    def _judge(
        self, readings: Iterable[tuple[int, WorkerRequest | Verdict]]
    ) -> Iterator[tuple[int, Verdict]]:
        """Verdicts on numbered rows, in the order in which they are known.

        Each distinct request is judged once; the rows of those that workers have are `waiting`.
        """
        self._pool.clear()  # of a call that was given up
        known: dict[bytes, Verdict] = {}
        waiting: defaultdict[bytes, list[int]] = defaultdict(list)
        left = iter(readings)
        while batch := list(islice(left, _BATCH)):
            requests: dict[bytes, WorkerRequest] = {}
            rows: list[tuple[int, bytes]] = []
            for row, reading in batch:
                if isinstance(reading, Verdict):
                    yield row, reading
                    continue
                key = verdict_key(*reading)
                rows.append((row, key))
                if key not in known and key not in waiting:
                    requests[key] = reading
            known |= self._look_up(requests)
            for row, key in rows:
                if key in known:
                    yield row, known[key]
                else:
                    waiting[key].append(row)
            self._pool.add((key, requests[key]) for key in requests if key not in known)
            yield from self._collect(known, waiting, _AHEAD)
        yield from self._collect(known, waiting, 0)

    def _look_up(self, requests: dict[bytes, WorkerRequest]) -> dict[bytes, Verdict]:
        """Verdicts on those requests that shortcuts and the cache decide."""
        known = {
            key: verdict
            for key, request in requests.items()
            if (verdict := self._shortcut(request)) is not None
        }
        if self._cache is not None:
            known |= self._cache.get_many(key for key in requests if key not in known)
        return known

    def _collect(
        self, known: dict[bytes, Verdict], waiting: dict[bytes, list[int]], left: int
    ) -> Iterator[tuple[int, Verdict]]:
        """Verdicts of workers, until at most `left` requests have none yet."""
        for key, result in self._pool.results(left):
            verdict = known[key] = result
            if self._cache is not None:
                self._cache.put(key, verdict)
            for row in waiting.pop(key):
                yield row, verdict

    def _shortcut(self, request: WorkerRequest) -> Verdict | None:
        """A verdict that needs no worker."""
        equal = decide(request.gold, request.answer, self.options.float_rounding)
        if equal is None:
            return judge_without_algebra(request.gold, request.answer, self.options)
        if equal:
            return Verdict(CORRECT, EQUAL, request.answer)
        return Verdict(WRONG, DIFFERENT, request.answer)
