"""Rows of JSON: lines of objects, a list of them, or objects by name, whatever the file is called.

Documents of up to 64 MB are parsed at once, longer ones entry by entry.
"""

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from passk.core.characters import well_formed_values
from passk.core.compressed import open_text
from passk.core.json_stream import JsonStream
from passk.core.row import OneObjectError, RecordedError, Row

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")  # in the text of a JSON document
_WHOLE = 1 << 26  # characters of JSON that are parsed at once


def _parse(document: str, place: str) -> Any:  # noqa: ANN401  (JSON is anything)
    """A JSON document; RecordedError where it is none, or holds what no program should read."""
    try:
        values = json.loads(document)
    except RecursionError as error:
        raise RecordedError(f"{place}: nested too deeply; mend it") from error
    except json.JSONDecodeError as error:
        line = f"line {error.lineno}, " if error.lineno > 1 else ""
        fault = f"{error.msg}, {line}column {error.colno}"
        raise RecordedError(f"{place}: not valid JSON ({fault}); mend it") from error
    except ValueError as error:  # an integer of thousands of digits
        raise RecordedError(f"{place}: not valid JSON ({error}); mend it") from error
    return well_formed_values(values) if _SURROGATE.search(document) else values


def jsonl_rows(path: Path, stream: IO[str]) -> Iterator[Row]:
    """Rows of a file of lines, or of a list that is called so.

    Raises:
        RecordedError: a line is no JSON object.
    """
    started = False
    for number, line in enumerate(stream, 1):
        if not line.strip():
            continue
        place = f"{path}, line {number}"
        if not started and line.lstrip().startswith("["):
            rest = stream.read(_WHOLE)
            if len(rest) == _WHOLE:
                yield from _streamed(path)
            else:
                yield from _list_of_objects(path, place, line + rest)
            return
        started = True
        try:
            values = _parse(line, place)
        except RecordedError as error:
            if line.endswith("\n") or next(stream, None) is not None:
                raise
            raise RecordedError(
                f"{error}. It is the last line and has no end: was its writer stopped? Remove it"
            ) from error
        yield Row(place, _mapping(values, place))


def _list_of_objects(path: Path, place: str, document: str) -> Iterator[Row]:
    """The rows of a JSON list in a file of lines."""
    rows = _parse(document, place)
    if not all(isinstance(values, dict) for values in rows):
        raise RecordedError(f"{place}: expected an object, found list")
    yield from _entries(path, rows)


def json_rows(path: Path, stream: IO[str]) -> Iterator[Row]:
    """Rows of a list, of objects by name, or of lines that are called JSON.

    Raises:
        OneObjectError: it holds one object that is no table.
        RecordedError: it is no JSON, or an entry is no object.
    """
    document = stream.read(_WHOLE)
    if len(document) == _WHOLE:
        yield from _streamed(path)
        return
    try:
        rows = _parse(document, str(path))
    except RecordedError:
        lines = [line for line in document.splitlines() if line.strip()]
        if len(lines) < 2 or not _is_object(lines[0]):
            raise
        yield from jsonl_rows(path, io.StringIO(document))
        return
    yield from _entries(path, rows)


def _streamed(path: Path) -> Iterator[Row]:
    """Rows of JSON that is too long to be parsed at once: lines, a list, or objects by name."""
    with open_text(path) as stream:
        if _is_object(stream.readline(_WHOLE)):
            with open_text(path) as lines:
                yield from jsonl_rows(path, lines)
            return
    number = 0
    try:
        with open_text(path) as stream:
            document = JsonStream(stream)
            if document.peek() == "[":
                for number, values in enumerate(document.elements(), 1):
                    place = f"{path}, entry {number}"
                    yield Row(place, _mapping(values, place))
                return
            for name in document.names():
                if document.peek() != "{":
                    raise OneObjectError(path, skim(path))
                yield Row(f"{path}, entry {name!r}", document.value())
                number += 1
    except (ValueError, RecursionError) as error:
        if isinstance(error, RecordedError):
            raise
        raise RecordedError(
            f"{path}, behind entry {number}: not valid JSON ({error}); mend it"
        ) from error


def skim(path: Path) -> dict[str, Any]:
    """An object that is too long to be parsed at once: of what it nests, the first entry."""
    values: dict[str, Any] = {}
    with open_text(path) as stream:
        document = JsonStream(stream)
        for name in document.names():
            if document.peek() == "[":
                values[name] = [next(document.elements(), None)]
                break
            values[name] = document.value() if document.peek() != "{" else _first(document)
    return values


def _first(document: JsonStream) -> dict[str, Any]:
    """The first entry of the object that is next, which is read to its end."""
    first: dict[str, Any] = {}
    for name in document.names():
        value = document.value()
        first = first or {name: value}
    return first


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _entries(path: Path, rows: object) -> Iterator[Row]:
    if isinstance(rows, dict) and rows and all(isinstance(value, dict) for value in rows.values()):
        for name, values in rows.items():
            yield Row(f"{path}, entry {name!r}", values)
        return
    if isinstance(rows, dict):
        raise OneObjectError(path, rows)
    if not isinstance(rows, list):
        raise RecordedError(
            f"{path}: expected a list of objects, or an object of them; found {type(rows).__name__}"
        )
    for number, values in enumerate(rows, 1):
        place = f"{path}, entry {number}"
        yield Row(place, _mapping(values, place))


def _mapping(values: object, place: str) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise RecordedError(f"{place}: expected an object, found {type(values).__name__}")
    return values
