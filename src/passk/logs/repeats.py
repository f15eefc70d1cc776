"""Responses that several files of a draw hold: of a copy, or of a rerun with the same seed."""

from pathlib import Path

from passk.core.rows import RecordedError
from passk.logs.sample import LogSample

_LONG = 100  # characters: a shorter response may well be drawn twice
_MUCH = 1000  # characters of a file: less may well be drawn twice as a whole


class Repeats:
    """What the files of a draw hold, in a number a response."""

    def __init__(self) -> None:
        self._before: set[int] = set()  # hashes of responses of earlier files
        self._here: set[int] = set()
        self._total = 0  # the sum of the hashes of a file, whatever their order
        self._samples = self._characters = 0
        self._files: dict[tuple[int, int], Path] = {}

    def add(self, sample: LogSample) -> bool:
        """Whether an earlier file holds a response, of some length, to the same problem."""
        text = sample.text or ""
        one = hash((sample.set, sample.question or sample.problem, sample.text))
        self._total += one
        self._samples += 1
        self._characters += len(text)
        if len(text) < _LONG:
            return False
        self._here.add(one)
        return one in self._before

    def end(self, path: Path) -> None:
        """A file is read.

        Raises:
            RecordedError: its responses are those of an earlier file, all of them.
        """
        first = self._files.setdefault((self._total, self._samples), path)
        if first != path and self._characters >= _MUCH:
            raise RecordedError(
                f"{path}: holds the same {self._samples} responses as {first}: a copy, or a rerun "
                "with the same seed, which would count every sample twice; give one of them"
            )
        self._before |= self._here
        self._here = set()
        self._total = self._samples = self._characters = 0
