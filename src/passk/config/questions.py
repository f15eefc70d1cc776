"""What `analysis.questions` says of each question must be true: its name, and what it reads."""

from collections.abc import Iterator, Mapping

from passk.analysis.questions.registry import QUESTIONS
from passk.core.legal import unknown


def faults(questions: Mapping[str, str]) -> Iterator[str]:
    """What is wrong, one message per place.

    Args:
        questions: question -> the folder under data/STUDY that it is said to read.
    """
    for name, folder in questions.items():
        yield from unknown("analysis.questions", name, QUESTIONS, "question")
        if name in QUESTIONS and folder != (reads := QUESTIONS[name].reads):
            yield (
                f"analysis.questions.{name} = {folder!r}: {name} reads the folder {reads!r}, "
                f"not {folder!r}"
            )
