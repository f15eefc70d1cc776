"""Which files a draw is in, and what format each is of."""

import glob
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from passk.core.rows import RecordedError
from passk.logs.format import FORMATS, LogFormat

PLAIN = "plain"
_DIGITS = re.compile(r"(\d+)")
_PATTERN = re.compile(r"[*?\[]")
_CHUNK = re.compile(r"_chunk_\d+")  # of a file that NeMo-Skills joins to one without it
_READABLE = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet", ".xlsx", ".eval")


def expand(patterns: Iterable[str | Path], skipped: list[Path] | None = None) -> list[Path]:
    """The files that names, globs and folders stand for, in natural order: `s2` before `s10`.

    Of a folder that holds files of a tool, other tables (its settings, its results) are none of
    them; of chunks that were joined to a file, the file alone is read.

    Args:
        patterns: names, globs, folders.
        skipped: what is left out is added to it.

    Raises:
        RecordedError: one stands for no file.
    """
    files: dict[Path, None] = {}
    left_out: list[Path] = [] if skipped is None else skipped
    for pattern in patterns:
        if not str(pattern):
            raise RecordedError("'': no name of a file; is a variable of the shell empty?")
        named = [Path(pattern)]
        if _PATTERN.search(str(pattern)) and not named[0].exists():
            named = [Path(name) for name in glob.glob(str(pattern), recursive=True)]  # noqa: PTH207
        matched = {file for path in named for file in _within(path, left_out)}
        if not matched or not all(file.exists() for file in matched):
            what = "holds no table" if any(path.is_dir() for path in named) else "no such file"
            raise RecordedError(f"{pattern}: {what}")
        files |= dict.fromkeys(sorted(matched, key=natural))
    chunks = [file for file in files if _CHUNK.search(file.name) and _joined(file) in files]
    left_out += chunks
    return [file for file in files if file not in chunks]


def _within(path: Path, skipped: list[Path]) -> list[Path]:
    """The files of a folder; any other path is the only one."""
    if not path.is_dir() or format_of_path(path) is not None:
        return [path]
    return _of_a_tool([file for file in path.rglob("*") if _is_table(file)], skipped)


def natural(path: Path) -> list[tuple[int, int | str]]:
    """A key that sorts numbers within names by their value."""
    return [
        (0, int(part)) if part.isdecimal() else (1, part)
        for part in _DIGITS.split(str(path))
        if part
    ]


def _joined(chunk: Path) -> Path:
    return chunk.with_name(_CHUNK.sub("", chunk.name))


def _of_a_tool(files: Sequence[Path], skipped: list[Path]) -> list[Path]:
    """Of several files those of a tool, where there are any."""
    known = [file for file in files if len(files) > 1 and _is_of_a_tool(file)]
    skipped += [file for file in files if known and file not in known]
    return known or list(files)


def _is_of_a_tool(file: Path) -> bool:
    try:
        return recognise(file)[0] != PLAIN
    except RecordedError:
        return False


def _is_table(path: Path) -> bool:
    return path.is_file() and any(suffix in _READABLE for suffix in path.suffixes)


def format_of_path(path: Path) -> str | None:
    """The format of a path that is no table: an archive, a folder of programs."""
    return next((name for name, known in FORMATS.items() if known.opens(path)), None)


def recognise(path: Path, name: str | None = None) -> tuple[str, LogFormat]:
    """The format of a file, as named, or by its first row.

    Raises:
        RecordedError: it cannot be read as rows.
        UnknownNameError: no format of that name.
    """
    if name is not None:
        return name, FORMATS[name]
    if (found := format_of_path(path)) is not None:
        return found, FORMATS[found]
    first = next(iter(FORMATS[PLAIN].rows(path)))
    for known, candidate in FORMATS.items():
        if known != PLAIN and candidate.recognises(first.values, path):
            return known, candidate
    return PLAIN, FORMATS[PLAIN]  # any table
