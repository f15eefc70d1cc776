"""Inspect: `.eval` archives and `.json` logs."""

import json
import re
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from passk.core.rows import RecordedError, Row
from passk.logs.fields import Fields, samples
from passk.logs.format import LogFormat, Values
from passk.logs.sample import LogSample
from passk.logs.values import lookup

FIELDS = Fields(
    response=("output.completion",),
    problem=("id",),
    question=("input",),
    reference=("target",),
    finish=("output.choices[0].stop_reason",),
    tokens=("output.usage.output_tokens",),
    set=("task",),
)
_ZSTD = 93  # a method of compression that zipfile knows from Python 3.14 on
_GRADES = {"C": True, "I": False}
_ATTACHED = "attachment://"
_MEMBER = re.compile(r"samples/.+\.json")


def recognises(values: Values, path: Path) -> bool:
    """Whether a row is of this format: a whole log in JSON, or a sample of an archive."""
    return path.suffix == ".eval" or ("eval" in values and "samples" in values)


def opens(path: Path) -> bool:
    """Whether a path is an archive of Inspect's."""
    return path.is_file() and path.suffix == ".eval"


def rows(path: Path) -> Iterator[Row]:
    """A row per sample and epoch, with its texts in place."""
    if zipfile.is_zipfile(path):
        yield from _archive(path)
        return
    try:
        log = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise RecordedError(f"{path}: not valid JSON ({error}); mend it") from error
    task = lookup(log, "eval.task")
    for number, values in enumerate(log.get("samples") or (), 1):
        yield Row(f"{path}, sample {number}", _resolved({"task": task} | values))


def _archive(path: Path) -> Iterator[Row]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename: info for info in archive.infolist()}
            header = (
                json.loads(_read(path, archive, members["header.json"]))
                if ("header.json" in members)
                else {}
            )
            task = header.get("eval", {}).get("task")
            for name in sorted(filter(_MEMBER.fullmatch, members)):
                values = json.loads(_read(path, archive, members[name]))
                yield Row(f"{path}, {name}", _resolved({"task": task} | values))
    except (zipfile.BadZipFile, ValueError, struct.error, OSError) as error:
        raise RecordedError(f"{path}: damaged, or no log of Inspect ({error})") from error


def _read(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    if member.compress_type != _ZSTD:
        return archive.read(member)
    import pyarrow as pa

    with path.open("rb") as stream:
        stream.seek(member.header_offset + 26)
        name_size, extra_size = struct.unpack("<HH", stream.read(4))
        stream.seek(name_size + extra_size, 1)
        compressed = stream.read(member.compress_size)
    with pa.input_stream(pa.BufferReader(compressed), compression="zstd") as content:
        return bytes(content.read())


def _resolved(values: Values) -> Values:
    """A sample whose attachments stand where they are referred to."""
    attachments = values.get("attachments") or {}

    def resolve(value: Any) -> Any:  # noqa: ANN401
        if isinstance(value, str) and value.startswith(_ATTACHED):
            return attachments.get(value.removeprefix(_ATTACHED), value)
        if isinstance(value, dict):
            return {key: resolve(inner) for key, inner in value.items()}
        return [resolve(inner) for inner in value] if isinstance(value, list) else value

    return {
        key: resolve(value) if key in {"input", "target", "output"} else value
        for key, value in values.items()
        if key not in {"attachments", "events", "messages"}
    }


def read(row: Row, fields: Fields) -> Iterator[LogSample]:
    """The sample of a row: epochs count from 1, errors have no response."""
    values = row.values
    epoch = values.get("epoch")
    failed = bool(values.get("error")) or not (values.get("output") or {}).get("choices", True)
    if failed or lookup(values, "output.completion") in (None, ""):
        values = values | {"output": {"completion": None}}
    scores = [score.get("value") for score in (values.get("scores") or {}).values()]
    for sample in samples(Row(row.place, values), replace(fields, grade=())):
        yield sample._replace(
            number=epoch - 1 if isinstance(epoch, int) else None,
            grade=_grade(scores[0]) if scores else None,
        )


def _grade(value: object) -> bool | None:
    if isinstance(value, str):
        return _GRADES.get(value.upper())  # P (partly) and N (none) are no grades here
    return bool(value) if isinstance(value, bool | int | float) and value in {0, 1} else None


FORMAT = LogFormat(
    "Inspect (.eval, .json)", FIELDS, recognises, rows=rows, read=read, opens=opens,
    note="Epochs are the samples; a sample that ended in an error has no response.",
)  # fmt: skip
