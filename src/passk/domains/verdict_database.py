"""Rows of bytes by key in a SQLite file that any number of processes share.

Nothing is read when it is opened, and memory does not grow with the file. What can go wrong with a
cache costs time, never a verdict:

- Every row carries its own checksum. A row that fails it is named and not used.
- A file that SQLite cannot read is named, marked with a file `*.damaged` beside it and never used
  again; the next number takes its place. It is not renamed, since other processes may have it open.
- Where rows cannot be written (full disk, no permission, a lock that nobody gives back) that is
  said once, and nothing more is written by this process.

Covered: kill -9 at any moment, since SQLite takes back a transaction that was cut short; several
processes, one of which writes at a time; several hosts on a file system whose POSIX locks work
(there is a rollback journal: a write-ahead log needs memory that all processes share). Not
covered: a power failure (nothing is flushed to the disk itself) and a network file system without
locks, either of which may damage the file, which is then noticed as said above.
"""

import sqlite3
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from passk.core.closing import Closing

_CHECKSUM = 4  # bytes
_PATIENCE = 30.0  # seconds that another process may keep its lock
_KEYS = 500  # keys looked up by one statement
_TABLE = "CREATE TABLE IF NOT EXISTS rows (key BLOB PRIMARY KEY, content BLOB) WITHOUT ROWID"
_DAMAGED = frozenset(
    {
        sqlite3.SQLITE_ERROR,  # another table than ours: the file's schema is damaged
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_FORMAT,
        sqlite3.SQLITE_SCHEMA,
        sqlite3.SQLITE_MISMATCH,
    }
)


def _checksum(key: bytes, content: bytes) -> bytes:
    return zlib.crc32(content, zlib.crc32(key)).to_bytes(_CHECKSUM, "big")


def _is_sound(key: object, content: object) -> bool:
    """Whether a row is as it was written; damage may turn either into a number or nothing."""
    if not isinstance(key, bytes) or not isinstance(content, bytes):
        return False
    return content[:_CHECKSUM] == _checksum(key, content[_CHECKSUM:])


def _primary_code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_MISUSE) & 0xFF


class VerdictDatabase(Closing):
    """The rows of one grader.

    Args:
        folder: where its files lie; made when the first row is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0
        self._connection: sqlite3.Connection | None = None
        self._reads, self._writes = True, True
        self._named = False

    @property
    def path(self) -> Path:
        """The first file that is not marked as damaged."""
        while self._marker(self._number).exists():
            self._number += 1
        return self._folder / f"verdicts-{self._number}.sqlite"

    def __len__(self) -> int:
        """Number of rows; reads the whole file."""
        with self._guard("read"):
            if (connection := self._open(make=False)) is not None:
                return int(connection.execute("SELECT count(*) FROM rows").fetchone()[0])
        return 0

    def read(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """The contents of those keys that are known; a damaged row counts as not known."""
        rows: dict[bytes, bytes] = {}
        with self._guard("read"):
            if self._reads and (connection := self._open(make=False)) is not None:
                rows.update(self._select(connection, sorted(set(keys))))
        return rows

    def write(self, rows: Mapping[bytes, bytes]) -> None:
        """Keep rows, all or none; they are on disk when this returns, or it was said why not."""
        for _ in range(2):  # a damaged file is replaced by the next one
            number = self._number
            with self._guard("write"):
                if rows and self._writes and (connection := self._open(make=True)) is not None:
                    self._insert(connection, rows)
            if number == self._number:
                return

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _marker(self, number: int) -> Path:
        return self._folder / f"verdicts-{number}.sqlite.damaged"

    def _open(self, *, make: bool) -> sqlite3.Connection | None:
        """The open file; None where there is none yet and it is not to be made."""
        if self._connection is None:
            path = self.path
            if make:
                path.parent.mkdir(parents=True, exist_ok=True)
            elif not path.exists():
                return None
            # No transaction begins by itself; a lock serves the threads of this process.
            self._connection = sqlite3.connect(
                path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
            )
            self._connection.text_factory = bytes  # a damaged row may claim to be text
            self._connection.execute("PRAGMA journal_mode = TRUNCATE")
            self._connection.execute("PRAGMA synchronous = OFF")
            self._connection.execute(_TABLE)
        return self._connection

    def _select(
        self, connection: sqlite3.Connection, keys: Sequence[bytes]
    ) -> Iterator[tuple[bytes, bytes]]:
        for start in range(0, len(keys), _KEYS):
            part = keys[start : start + _KEYS]
            marks = ",".join("?" * len(part))
            query = f"SELECT key, content FROM rows WHERE key IN ({marks})"
            for key, content in connection.execute(query, part):
                if _is_sound(key, content):
                    yield key, content[_CHECKSUM:]
                elif not self._named:
                    self._named = True
                    _say(
                        f"{self.path}: the row {key!r} is damaged; such rows are ignored, and "
                        "judged again"
                    )

    def _insert(self, connection: sqlite3.Connection, rows: Mapping[bytes, bytes]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        with closing(connection.cursor()) as cursor:
            try:
                cursor.executemany(
                    "INSERT OR REPLACE INTO rows VALUES (?, ?)",
                    [(key, _checksum(key, rows[key]) + rows[key]) for key in sorted(rows)],
                )
                cursor.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    cursor.execute("ROLLBACK")

    @contextmanager
    def _guard(self, action: str) -> Iterator[None]:
        """Turn what goes wrong with the file into a message, and into going on without it."""
        try:
            yield
        except sqlite3.Error as error:
            if _primary_code(error) in _DAMAGED:
                self._give_up_file(error)
            else:
                self._give_up(action, error)
        except UnicodeDecodeError as error:  # SQLite's message holds damaged text
            self._give_up_file(error)
        except OSError as error:
            self._give_up(action, error)

    def _give_up_file(self, error: Exception) -> None:
        path = self.path
        self.close()
        with suppress(OSError):  # else each process finds out for itself
            self._marker(self._number).write_text(f"{error}\n", encoding="utf-8")
        self._number += 1
        _say(
            f"{path} is damaged ({error}): it is ignored from here on, and its verdicts are "
            "judged again; delete it when you like"
        )

    def _give_up(self, action: str, error: Exception) -> None:
        if action == "write":
            self._writes = False
            _say(f"{self.path} cannot be written ({error}): judging goes on, nothing more is kept")
        else:
            self._reads = False
            _say(f"{self.path} cannot be read ({error}): judging goes on without it")


def _say(message: str) -> None:
    print(f"passk: verdict cache {message}", file=sys.stderr)
