"""What commands say of the files that they read."""

from collections.abc import Iterable
from pathlib import Path

from passk.logs.files import PLAIN
from passk.logs.summary import LogSummary


def span(paths: Iterable[str]) -> str:
    """A file, or how many files from which to which."""
    names = list(paths)
    return names[0] if len(names) == 1 else f"{len(names)} files, {names[0]} to {names[-1]}"


def describe_formats(summary: LogSummary) -> str:
    """The files, with the tools' formats that were recognised.

    Example:
        >>> describe_formats(LogSummary(files={"a.jsonl": "lm-eval"}))
        'a.jsonl (lm-eval)'
        >>> describe_formats(LogSummary(files={"a.jsonl": "plain"}))
        'a.jsonl'
    """
    known = [name for name in dict.fromkeys(summary.files.values()) if name != PLAIN]
    return span(summary.files) + (f" ({', '.join(known)})" if known else "")


def describe_losses(summary: LogSummary) -> list[str]:
    """What of the files is no sample, or no whole one; the verdicts themselves say the rest."""
    noted = (
        ("rows left out by --where", summary.left_out),
        ("rows of another filter or metric left out", summary.rescored),
        ("rows without a sample, as they hold an error", summary.errors),
        ("responses cut at a stop string", summary.cut),
        ("responses run on to another turn or question: name a --stop string", summary.running_on),
        ("scores that are neither 1 nor 0, and no grades: name --grade-from", summary.scores),
    )
    return [f"{count} {what}" for what, count in noted if count]


def without_response(places: list[str], files: Iterable[Path]) -> str:
    """The message about rows without a response, where nobody said what they count as."""
    first = places[0] if places else next(iter(files))
    more = f" ({len(places)} in all)" if len(places) > 1 else ""
    return f"{first}: no response{more}; say what a missing response counts as with --missing"
