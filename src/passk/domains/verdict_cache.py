"""Verdicts on disk, keyed by what was judged and by whom; unknown is never kept.

Each process appends to a file of its own, so that processes never wait for each other, and reads
everybody's when it starts. A line carries its own checksum: a line that kill -9 cut short, or
that was damaged, is not used, and its pair is judged again.
"""

import json
import os
import sys
import zlib
from pathlib import Path
from typing import IO

from passk.core.closing import Closing
from passk.core.digests import digest
from passk.core.files import write_text
from passk.domains.verdict import CORRECT, WRONG, Verdict

# Says that a box could not be parsed, and that the whole response has to be judged.
WHOLE = Verdict("whole", "", None)
_KEPT = (CORRECT, WRONG, WHOLE.verdict)
_MERGE = 16  # files past which one is made of them


def _line(key: str, verdict: Verdict) -> str:
    body = json.dumps([key, *verdict])
    return f"{zlib.crc32(body.encode()):08x} {body}\n"


def _parse(line: str) -> tuple[str, Verdict] | None:
    """Key and verdict of a line; None where it is damaged."""
    mark, _, body = line.rstrip("\n").partition(" ")
    if mark != f"{zlib.crc32(body.encode()):08x}":
        return None
    key, *verdict = json.loads(body)
    return key, Verdict(*verdict)


def _new_name() -> str:
    return f"{os.getpid()}-{os.urandom(6).hex()}.jsonl"


class VerdictCache(Closing):
    """A grader's verdicts on disk.

    Args:
        folder: where caches lie; a grader's files lie in a folder of its own below.
        grader: name and digest of the grader: another grader sees none of these verdicts.
    """

    def __init__(self, folder: Path, grader: str) -> None:
        self._folder = folder / digest(grader)[:16]
        self._grader = grader
        self._known: dict[str, Verdict] = {}
        self._file: IO[str] | None = None
        files = sorted(self._folder.glob("*.jsonl"))
        for path in files:
            self._read(path)
        if len(files) > _MERGE:
            self._merge(files)

    def __len__(self) -> int:
        return len(self._known)

    def close(self) -> None:
        """Close the file that this process appends to."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def key(self, gold: str, text: str, boxed: bool) -> str:
        """What identifies a verdict: grader, problem's answer, what was judged."""
        return digest(self._grader, gold, text, boxed)[:32]

    def get(self, key: str) -> Verdict | None:
        """A verdict that is known, or None."""
        return self._known.get(key)

    def put(self, key: str, verdict: Verdict) -> None:
        """Keep a verdict, on disk when this returns; unknown is not kept."""
        if verdict.verdict not in _KEPT or key in self._known:
            return
        self._known[key] = verdict
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = (self._folder / _new_name()).open("a", encoding="utf-8", buffering=1)
        self._file.write(_line(key, verdict))

    def _read(self, path: Path) -> None:
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
        except FileNotFoundError:  # merged by another process just now
            return
        damaged = []
        for number, line in enumerate(lines, 1):
            if (entry := _parse(line)) is not None:
                self._known[entry[0]] = entry[1]
            elif line.endswith("\n"):
                damaged.append(number)
        if damaged:
            print(
                f"passk: verdict cache {path}: {len(damaged)} damaged line(s), first line "
                f"{damaged[0]}; ignored, and judged again",
                file=sys.stderr,
            )

    def _merge(self, files: list[Path]) -> None:
        """Make one file of many. A process that still appends to one loses cache, never truth."""
        lines = (_line(key, verdict) for key, verdict in self._known.items())
        write_text(self._folder / _new_name(), "".join(lines))
        for path in files:
            path.unlink(missing_ok=True)
