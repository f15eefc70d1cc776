"""Run records in a folder: under `.passk/records`, and again in DVC's cache, for whoever shares it.

    records/DIGEST.json     one record, written once
    entries/ENTRY           the digest of the record of a lock entry
    outs/PATH/MD5           the digest of the record that made this content of this path last
    folders/MD5             what a folder among the outputs holds
    environments/NAME.txt   installed packages, one a line

Every question is answered by a few small files, so that a stage costs the same whether the study
has ten stages or a thousand. `dvc gc` leaves the folder in the cache alone (tested).
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from passk.config.paths import RECORDS
from passk.core.digests import digest
from passk.core.files import json_text, write_once, write_text
from passk.provenance.dvc_cache import find_cache, read_listing
from passk.provenance.lock import Contents, listing_text, parse_listing
from passk.provenance.run_record import DIGITS, RecordError, RunRecord, read_record

_IN_CACHE = "passk-records"


@dataclass(frozen=True)
class RecordStore:
    """Records in a folder.

    Attributes:
        folder: where they lie; it need not exist.
        cache: DVC's cache, which knows what folders hold; None where there is none.
    """

    folder: Path
    cache: Path | None = None

    def path(self, digest: str) -> Path:
        """Where a record lies."""
        return self.folder / "records" / f"{digest}.json"

    @property
    def environments(self) -> Path:
        """Lists of installed packages."""
        return self.folder / "environments"

    def find(self, entry: str) -> RunRecord | None:
        """The record of a lock entry, by the entry's digest; None where none reads."""
        name = self.name(entry)
        return self.read(name) if name else None

    def find_genuine(self, entry: str) -> RunRecord | None:
        """The record of a lock entry where its content has the digest that it states."""
        record = self.find(entry)
        return record if record is not None and record.digest == record.stated else None

    def name(self, entry: str) -> str:
        """The digest of the record of a lock entry, whether it reads or not; empty without one."""
        return _read(self._entry(entry))

    def unname(self, entry: str) -> None:
        """Forget which record a lock entry has."""
        self._entry(entry).unlink(missing_ok=True)

    def read(self, digest: str) -> RunRecord | None:
        """A record by its own digest; None where there is none that reads."""
        with suppress(OSError, RecordError, ValueError):
            return read_record(self.path(digest))
        return None

    def add(self, record: RunRecord, folders: Mapping[str, Contents]) -> RunRecord:
        """Keep a record, unless its lock entry has one; returns the one that is kept.

        One that was changed behind its digest is as good as none.

        Args:
            record: of a finished execution.
            folders: its outputs, by path.
        """
        known = self.find_genuine(record.entry)
        if known is None:
            write_text(self.path(record.digest), json_text(record.document))
            pointer = self._entry(record.entry)
            if not write_once(pointer, record.digest):
                known = self.find_genuine(record.entry)  # another process was first
                if known is None:
                    write_text(pointer, record.digest)  # it points to what is gone or damaged
        kept = known or record
        self.index(kept)
        for contents in folders.values():
            if contents.md5.endswith(".dir"):
                write_once(self.folder / "folders" / contents.md5, listing_text(contents.files))
        return kept

    def index(self, record: RunRecord) -> None:
        """Note that a record made its outputs last."""
        for path, md5 in record.outs.items():
            pointer_file = self._out(path) / md5
            if _read(pointer_file) != record.digest:
                write_text(pointer_file, record.digest)

    def makers(self, path: str) -> dict[str, str]:
        """Each content that a path had, by its digest -> the record that made it, newest first."""
        folder = self._out(path)
        if not folder.is_dir():
            return {}
        files = sorted(folder.iterdir(), key=lambda p: p.stat().st_mtime_ns, reverse=True)
        return {file.name: _read(file) for file in files if not file.name.startswith(".")}

    def maker(self, path: str, md5: str) -> str:
        """The record that made a path as it is now; empty where none is known."""
        return _read(self._out(path) / md5)

    def files(self, md5: str) -> Mapping[str, str] | None:
        """Path -> digest of what a folder holds; None where nobody knows."""
        text = _read(self.folder / "folders" / md5)
        if text:
            return parse_listing(text)
        return None if self.cache is None else read_listing(self.cache, md5)

    def all(self) -> Iterator[Path]:
        """Every record's file."""
        yield from sorted((self.folder / "records").glob("*.json"))

    def drop(self, record: Path) -> None:
        """Remove a record and what points to it."""
        with suppress(RecordError, ValueError):
            content = read_record(record)
            name = record.stem
            pointers = [self._out(path) / md5 for path, md5 in content.outs.items()]
            for pointer in (self._entry(content.entry), *pointers):
                if _read(pointer) == name:
                    pointer.unlink(missing_ok=True)
        record.unlink(missing_ok=True)

    def _entry(self, entry: str) -> Path:
        return self.folder / "entries" / entry[:DIGITS]

    def _out(self, path: str) -> Path:
        return self.folder / "outs" / digest(path)[:DIGITS]


def own_store(root: Path = Path()) -> RecordStore:
    """The study's own records."""
    return RecordStore(root / RECORDS, find_cache(root))


def open_stores(root: Path = Path()) -> tuple[RecordStore, ...]:
    """The study's own records first, then those of whoever shares DVC's cache."""
    own = own_store(root)
    if own.cache is None:
        return (own,)
    return own, RecordStore(own.cache / _IN_CACHE, own.cache)


def _read(path: Path) -> str:
    """The text of a small file; empty where there is none."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
