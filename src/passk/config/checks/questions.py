"""What `analysis.questions` says of each question must be true, and there must be what it asks."""

from collections.abc import Iterator, Mapping, Sequence

from passk.analysis.questions.registry import QUESTIONS
from passk.config.schema import Study
from passk.core.legal import unknown
from passk.domains.worlds import WORLDS


def find_faults(questions: Mapping[str, str]) -> Iterator[str]:
    """What is wrong, one line per place.

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


def find_unknown_operations(withheld: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Worlds, and operations of them, that `analysis.withheld` names and that there are not."""
    for world, operations in withheld.items():
        key = f"analysis.withheld.{world}"
        yield from unknown(key, world, WORLDS, "world")
        for name in operations if world in WORLDS else ():
            yield from unknown(key, name, WORLDS[world].operations, "operation")


def find_unanswerable(study: Study) -> Iterator[str]:
    """Questions of a study that has nothing of what they read."""
    for name, folder in study.analysis.questions.items():
        key = f"analysis.questions.{name} = {folder!r}"
        if folder == "training" and not study.train and not study.sft:
            yield (
                f"{key}: asks of arms under `train:` or `sft:`, and there are none; remove the "
                "question"
            )
        elif folder == "scores" and not study.scores:
            yield (
                f"{key}: asks of entries under `scores:`, and there are none; remove the question, "
                "or score a draw"
            )
        elif folder == "expansions" and not study.expansions:
            yield (
                f"{key}: asks of entries under `expansions:`, and there are none; remove the "
                "question, or expand a draw"
            )
        elif folder != "training" and not study.draws:
            yield f"{key}: asks of draws, and there are none; remove the question, or name a draw"
