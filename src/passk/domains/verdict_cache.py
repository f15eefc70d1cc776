"""Verdicts on disk, keyed by what was judged and by whom; unknown is never kept.

Look verdicts up by the hundred and more with `get_many`. What is put is kept in memory for at most
a second's work, then written at once: kill -9 costs no more than that. How the file bears damage,
a full disk and several processes is told in `passk.domains.verdict_database`.

It is only a cache: a study's folder may lose `.passk/verdicts` at any time. Files `*.jsonl` in it
are of earlier versions of this package, are not read, and may be deleted.
"""

import hashlib
import json
import time
from collections.abc import Iterable
from pathlib import Path

from passk.core.closing import Closing
from passk.core.digests import digest
from passk.domains.verdict import CORRECT, WRONG, Verdict
from passk.domains.verdict_database import VerdictDatabase

_KEPT = (CORRECT, WRONG)
_WAIT = 1.0  # seconds after which what was put is written,
_ROWS = 1000  # or number of verdicts


def verdict_key(*parts: str | bool) -> bytes:
    """What identifies a verdict of a grader: the gold answer, what was judged (16 bytes)."""
    state = hashlib.blake2b(digest_size=16)
    for part in parts:
        # A response may hold half of a surrogate pair, which plain UTF-8 refuses.
        content = str(part).encode("utf-8", "surrogatepass")
        state.update(b"%d:" % len(content))
        state.update(content)
    return state.digest()


class VerdictCache(Closing):
    """A grader's verdicts on disk.

    Args:
        folder: where caches lie; a grader's files lie in a folder of its own below.
        grader: name and digest of the grader: another grader sees none of these verdicts.
    """

    def __init__(self, folder: Path, grader: str) -> None:
        self._database = VerdictDatabase(folder / digest(grader)[:16])
        self._unwritten: dict[bytes, bytes] = {}
        self._written = time.monotonic()

    def __len__(self) -> int:
        """Number of verdicts; reads the whole file."""
        self.flush()
        return len(self._database)

    def close(self) -> None:
        """Write what was put, and close the file."""
        self.flush()
        self._database.close()

    def key(self, *parts: str | bool) -> bytes:
        """See `verdict_key`."""
        return verdict_key(*parts)

    def get(self, key: bytes) -> Verdict | None:
        """A verdict that is known, or None."""
        return self.get_many([key]).get(key)

    def get_many(self, keys: Iterable[bytes]) -> dict[bytes, Verdict]:
        """Those verdicts that are known."""
        wanted = list(keys)
        rows = self._database.read([key for key in wanted if key not in self._unwritten])
        rows |= {key: self._unwritten[key] for key in wanted if key in self._unwritten}
        return {key: Verdict(*json.loads(row)) for key, row in rows.items()}

    def put(self, key: bytes, verdict: Verdict) -> None:
        """Keep a verdict, on disk after a second's work or `flush`; unknown is not kept."""
        if verdict.verdict not in _KEPT:
            return
        self._unwritten[key] = json.dumps(verdict).encode()
        if len(self._unwritten) >= _ROWS or time.monotonic() > self._written + _WAIT:
            self.flush()

    def flush(self) -> None:
        """Write what was put."""
        self._database.write(self._unwritten)
        self._unwritten.clear()
        self._written = time.monotonic()
