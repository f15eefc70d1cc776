"""Inspect: `.eval` archives and `.json` logs."""

import json
import re
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from passk.core.characters import well_formed_values
from passk.core.compressed import open_text
from passk.core.json_stream import JsonStream
from passk.core.rows import RecordedError, Row
from passk.data.value_paths import content
from passk.logs.fields import Fields, samples
from passk.logs.format import LogFormat, Values
from passk.logs.sample import LogSample

FIELDS = Fields(
    response=("__responses__",),
    problem=("id",),
    question=("input",),
    reference=("target",),
    finish=("__finishes__",),
    tokens=("output.usage.output_tokens",),
    set=("__task__",),
)
_ZSTD = 93  # a method of compression that zipfile knows from Python 3.14 on
_GRADES = {"C": True, "I": False}
_ATTACHED = "attachment://"
_MEMBER = re.compile(r"samples/.+\.json")
_HEADER = ("eval", "plan")  # what of a log's head is read
_READ = ("input", "target", "output")  # of a sample; the rest is how it came about


def recognises(values: Values, path: Path) -> bool:
    """Whether a row is of this format: a whole log in JSON, or a sample of an archive."""
    return path.suffix == ".eval" or {"eval", "samples", "plan"} <= values.keys()


def opens(path: Path) -> bool:
    """Whether a path is an archive of Inspect's."""
    if not path.is_file() or not zipfile.is_zipfile(path):
        return path.suffix == ".eval" and path.is_file()
    with zipfile.ZipFile(path) as archive:
        return path.suffix == ".eval" or "_journal/start.json" in archive.namelist()


def rows(path: Path) -> Iterator[Row]:
    """A row per sample and epoch, with its texts in place."""
    if zipfile.is_zipfile(path):
        yield from _archive(path)
        return
    header: Values = {}
    number = 0
    try:
        with open_text(path) as stream:
            log = JsonStream(stream)
            for key in log.names():
                if key != "samples" or log.peek() != "[":
                    value = log.value()
                    if key in _HEADER:
                        header[key] = value
                    continue
                for number, values in enumerate(log.elements(), 1):
                    yield Row(f"{path}, sample {number}", _resolved(values, header))
    except RecordedError:
        raise
    except (ValueError, RecursionError) as error:
        raise RecordedError(
            f"{path}, behind sample {number}: damaged, or no log of Inspect ({error})"
        ) from error
    if number == 0:
        raise RecordedError(f"{path}: the log holds no sample; was the evaluation stopped?")


def _archive(path: Path) -> Iterator[Row]:
    name = "header.json"
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename: info for info in archive.infolist()}
            start = next((n for n in (name, "_journal/start.json") if n in members), None)
            header = json.loads(_read(path, archive, members[start])) if start else {}
            names = sorted(filter(_MEMBER.fullmatch, members))
            for name in names:
                values: Any = well_formed_values(json.loads(_read(path, archive, members[name])))
                yield Row(f"{path}, {name}", _resolved(values, header))
    except RecordedError:
        raise
    except (zipfile.BadZipFile, ValueError, struct.error, OSError, RecursionError) as error:
        raise RecordedError(
            f"{path}, {name}: damaged, or no log of Inspect ({error}); fetch the file again"
        ) from error
    if not names:
        raise RecordedError(f"{path}: the log holds no sample; was the evaluation stopped?")


def _read(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    if member.compress_type != _ZSTD:
        return archive.read(member)
    import pyarrow as pa

    with path.open("rb") as stream:
        stream.seek(member.header_offset + 26)
        name_size, extra_size = struct.unpack("<HH", stream.read(4))
        stream.seek(name_size + extra_size, 1)
        compressed = stream.read(member.compress_size)
    with pa.input_stream(pa.BufferReader(compressed), compression="zstd") as decompressed:
        return bytes(decompressed.read())


def _resolved(values: Values, header: Values) -> Values:
    """A sample whose attachments stand where they are referred to, with what its log states."""
    attachments = values.get("attachments") or {}

    def resolve(value: Any) -> Any:  # noqa: ANN401
        if isinstance(value, str) and value.startswith(_ATTACHED):
            return attachments.get(value.removeprefix(_ATTACHED), value)
        if isinstance(value, dict):
            return {key: resolve(inner) for key, inner in value.items()}
        return [resolve(inner) for inner in value] if isinstance(value, list) else value

    kept = {
        key: resolve(value) if key in _READ else value
        for key, value in values.items()
        if key not in {"attachments", "events", "messages"}
    }
    stated = {"__task__": (header.get("eval") or {}).get("task"), "__settings__": _settings(header)}
    return kept | stated | _responses(kept)


def _settings(header: Values) -> Values:
    """How samples were drawn: of the model, and of the plan, which goes first."""
    of_model = (header.get("eval") or {}).get("model_generate_config") or {}
    return of_model | ((header.get("plan") or {}).get("config") or {})


def _responses(values: Values) -> Values:
    """Texts of a sample's choices and how each ended; none where it failed.

    A choice's message is read, since logs of 2024 have no `completion`; reasoning is none of it.
    """
    output = values.get("output") or {}
    choices = output.get("choices") or []
    if values.get("error") or output.get("error") or not choices:
        return {"__responses__": [None], "__finishes__": ["unknown"]}
    limit = (values.get("limit") or {}).get("type")
    return {
        "__responses__": [content(choice.get("message") or {}) or "" for choice in choices],
        # a sample that met a limit of tokens, time or messages was not finished
        "__finishes__": ["length" if limit else choice.get("stop_reason") for choice in choices],
    }


def read(row: Row, fields: Fields) -> Iterator[LogSample]:
    """The samples of a row: epochs count from 1; of several choices none has a number."""
    epoch = row.values.get("epoch")
    scores = [
        score.get("value") if isinstance(score, dict) else score
        for score in (row.values.get("scores") or {}).values()
    ]
    values = dict(row.values)
    if not fields.grade:
        fields = replace(fields, grade=("__grade__",))
        values["__grade__"] = _grade(scores[0]) if scores else None
    drawn = list(samples(Row(row.place, values), fields))
    for sample in drawn:
        numbered = len(drawn) == 1 and isinstance(epoch, int) and not fields.number
        yield sample._replace(number=epoch - 1) if numbered else sample  # type: ignore[operator]


def _grade(value: object) -> bool | None:
    if isinstance(value, str):
        return _GRADES.get(value.upper())  # P (partly) and N (none) are no grades here
    return bool(value) if isinstance(value, bool | int | float) and value in {0, 1} else None


FORMAT = LogFormat(
    "Inspect (.eval, .json)", FIELDS, recognises, rows=rows, read=read, opens=opens,
    settings=("__settings__",),
    note="Epochs are the samples; a sample that ended in an error has no response. The grade is "
    "that of the first scorer.",
)  # fmt: skip
