"""What `passk compare` refuses before it reads anything."""

import re
from collections.abc import Mapping
from pathlib import Path

from passk.cli.outputs import faults_of_file, faults_of_folder
from passk.comparing import settings
from passk.comparing.compared import DOMAIN, ComparedFiles
from passk.comparing.draws import DRAWS
from passk.core.rows import RecordedError

_TABLES = {"counts.parquet", *(f"{question}.parquet" for question in settings.QUESTIONS)}
_VERDICTS = re.compile(rf"verdicts-({'|'.join(DRAWS)})\.parquet")


def check_ignored(given: Mapping[str, object]) -> None:
    """Raise RecordedError for an option about samples, which counts would ignore.

    Args:
        given: option -> its value; None or empty: not given.
    """
    for option, value in given.items():
        if value not in (None, [], False):
            raise RecordedError(
                f"{option}: without effect with --counts, which reads no samples; leave it out"
            )


def check_problem_options(domain: str, *, has_problems: bool, **given: object) -> None:
    """Raise RecordedError for an option about the file of problems that would be ignored.

    Args:
        domain: of the judge.
        has_problems: whether there is such a file.
        given: source, any_digest and problems_id; None or False: not given.
    """
    for option, value in given.items():
        if value in (None, False):
            continue
        flag = f"--{option.replace('_', '-')}"
        if not has_problems:
            raise RecordedError(f"{flag}: says how to read --problems; add it")
        if domain == DOMAIN:
            raise RecordedError(
                f"{flag}: without effect with --domain {domain}, where --problems is a table; "
                "leave it out"
            )
    if given["any_digest"] and not given["source"]:
        raise RecordedError("--any-digest: name the benchmark that the file is, with --source")


def check_outputs(out: Path, tables: Path | None, files: ComparedFiles) -> None:
    """Raise RecordedError where an output would take the place of anything but its own like.

    Args:
        out: the page.
        tables: folder that is replaced whole; None: none is written.
        files: that are read.
    """
    inputs = [*files.reference, *files.candidate, *([files.problems] if files.problems else [])]
    for fault in faults_of_file(out, inputs, (".html",), "comparison"):
        raise RecordedError(fault)
    if tables is not None:
        for fault in faults_of_folder(tables, [*inputs, out], _is_own, "--tables"):
            raise RecordedError(fault)


def _is_own(name: str) -> bool:
    """Whether `--tables` writes files of that name."""
    own = name in _TABLES or name.endswith(".svg") or bool(_VERDICTS.fullmatch(name))
    return own and "/" not in name
