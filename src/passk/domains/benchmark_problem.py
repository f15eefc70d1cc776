"""A problem as a reader of a benchmark's published file gives it."""

from dataclasses import dataclass
from hashlib import sha256

from passk.core.images import StoredImage
from passk.domains.code.test_cases import Tests

# Tags with a meaning of their own; the others are a benchmark's own subjects and levels.
ANY_FILE = "any"  # in parameters, in place of a digest: take the file as it is
FLAGGED = "flagged"  # its authors or its statement say that it cannot be judged rightly
UNTESTED = "no-tests"  # of domain code, without tests: it can be asked and dated, not judged


@dataclass(frozen=True)
class BenchmarkProblem:
    """One problem of a benchmark.

    Attributes:
        name: what the benchmark calls it, e.g. `HumanEval/0`.
        place: where it stands, for messages.
        question: what a model is asked.
        answer: gold answer; of domain code a program that the benchmark gives as right, or "".
        answer_type: as in the problem table.
        tests: of domain code; None where the file has none, or none that can be run. With no
            `expected` yet, it is what `reference` returns on `inputs`.
        starter_code: code that a solution starts from.
        prefix: text that a `completion` continues, where samples hold only that.
        date: ISO date of publication.
        tags: subjects, difficulty, flags.
        unit: of the answer.
        precision: decimals that an answer is judged to; None where the benchmark names none.
        choices: answers to choose from, `answer` among them, as the question lists them; None:
            none are given.
        image_file: of the image that the question is about: where it lies, as the benchmark names
            it, or its bytes; None: it has none.
        image: the same, read and checked; None: not read (see `image_files.py`).
    """

    name: str
    place: str
    question: str
    answer: str
    answer_type: str
    tests: Tests | None = None
    starter_code: str | None = None
    prefix: str = ""
    date: str | None = None
    tags: tuple[str, ...] = ()
    unit: str | None = None
    precision: int | None = None
    choices: tuple[str, ...] | None = None
    image_file: str | bytes | None = None
    image: StoredImage | None = None

    def image_name(self) -> str | None:
        """What tells the image from others.

        Benchmarks ask one question of many images; where these are not read, the name of the
        file tells them apart.
        """
        if self.image is not None:
            return self.image.digest
        if isinstance(self.image_file, bytes):
            return sha256(self.image_file).hexdigest()
        return self.image_file
