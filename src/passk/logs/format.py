"""A format of sample files: how it is recognised, and how its rows are read."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from passk.core.registry import Registry
from passk.core.rows import OneObjectError, Row, each_row
from passk.logs import stated_settings
from passk.logs.fields import Fields, samples
from passk.logs.sample import LogSample

Values = dict[str, Any]


def log_rows(path: Path) -> Iterator[Row]:
    """Rows of a file; a JSON object that is no table is one row."""
    try:
        yield from each_row(path)
    except OneObjectError as error:
        if not error.values:
            raise
        yield Row(str(path), error.values)


def no_set(_path: Path) -> str | None:
    """The benchmark that a file's name does not tell."""
    return None


def keep(_row: Row, fields: Fields) -> Fields:
    """Fields as they are."""
    return fields


@dataclass(frozen=True)
class LogFormat:
    """A format.

    Attributes:
        title: the tool and its file, for people.
        fields: where values stand.
        recognises: whether a first row, from a file of that name, is of this format.
        rows: the rows of a file; other containers than tables have their own.
        narrow: the fields that are read of a row, where that depends on the row.
        read: the samples of a row.
        seed: of a file's name, with one group: the seed that drew it.
        set_of: the benchmark that a file's name or folder tells, where no row does.
        scorer: who graded a row, where a response has a row for each; rows of one are read.
        settings: where rows state how they were sampled: settings, or objects of them.
        single: what is one in a draw, say the checkpoint: rows that differ in it are an error.
        opens: whether a path that is no table at all (an archive, a folder) is of this format.
        note: what a reader should know of it.
        domain: whose judge its responses need.
    """

    title: str
    fields: Fields
    recognises: Callable[[Values, Path], bool]
    rows: Callable[[Path], Iterator[Row]] = log_rows
    narrow: Callable[[Row, Fields], Fields] = keep
    read: Callable[[Row, Fields], Iterator[LogSample]] = samples
    seed: re.Pattern[str] = re.compile(r"(?<![a-z])seed[-_=]?(\d+)")
    set_of: Callable[[Path], str | None] = no_set
    scorer: tuple[str, ...] = ()
    settings: tuple[str, ...] = stated_settings.USUAL
    single: tuple[str, ...] = ()
    opens: Callable[[Path], bool] = lambda path: False
    note: str = ""
    domain: str = "math"


FORMATS: Registry[LogFormat] = Registry(
    "format",
    "passk.formats",
    {
        name: f"passk.logs.formats.{name.replace('-', '_')}:FORMAT"
        for name in (
            "normal", "lm-eval", "lighteval", "inspect", "evalplus", "evalplus-results",
            "livecodebench", "opencompass",
            "verl-dump", "verl-generation", "trl", "batch", "verifiers", "nemo-skills",
            "qwen-math", "list-columns", "every-eval-ever", "mathvista", "vlmevalkit",
            "plain",
        )
    },
)  # fmt: skip
