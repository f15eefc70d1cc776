"""Text files as people have them: plain or compressed, told by their first bytes.

gzip, bzip2, xz and zstandard. A byte-order mark is dropped (that of UTF-16 is followed), and CRLF
is a line's end.
"""

import bz2
import codecs
import gzip
import io
import lzma
import zlib
from pathlib import Path
from typing import IO, Any

# First bytes of a compressed file -> the ending that its name usually has.
_FIRST_BYTES = {
    b"\x1f\x8b": ".gz",
    b"BZh": ".bz2",
    b"\xfd7zXZ\x00": ".xz",
    b"(\xb5/\xfd": ".zst",
}
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
ENDINGS = frozenset(_FIRST_BYTES.values())
# What reading a damaged file raises: as the decompressors do, each in its own way.
DAMAGED = (UnicodeDecodeError, EOFError, zlib.error, lzma.LZMAError, OSError)


def open_text(path: Path) -> IO[str]:
    """The text of a file, decompressed as it is read.

    Raises:
        OSError: no such file, or its name says that it is compressed and its content does not.
    """
    compression = find_compression(path)
    if compression is None and path.suffix in ENDINGS:
        raise OSError(f"its name ends in {path.suffix}, its content is something else")
    newline = "" if csv_like(path) else None
    encoding = "utf-16" if _starts(path, _UTF16) else "utf-8-sig"
    return io.TextIOWrapper(_open(path, compression), encoding=encoding, newline=newline)


def open_bytes(path: Path) -> IO[bytes]:
    """The content of a file, decompressed as it is read.

    Raises:
        OSError: no such file.
    """
    stream: IO[bytes] = _open(path, find_compression(path))
    return stream


def _starts(path: Path, marks: tuple[bytes, ...]) -> bool:
    with open_bytes(path) as stream:
        return stream.read(2) in marks


def find_compression(path: Path) -> str | None:
    """How a file is compressed, by its first bytes: an ending like `.gz`; None: it is not."""
    with path.open("rb") as stream:
        start = stream.read(8)
    return next((name for first, name in _FIRST_BYTES.items() if start.startswith(first)), None)


def plain_suffix(path: Path) -> str:
    """The ending of a file's name without that of its compression.

    Example:
        >>> plain_suffix(Path("samples.v1.jsonl.gz")), plain_suffix(Path("a.CSV"))
        ('.jsonl', '.csv')
    """
    name = path.with_suffix("") if path.suffix in ENDINGS else path
    return name.suffix.lower()


def csv_like(path: Path) -> bool:
    """Whether a cell may hold a line's end, which is kept as it stands then."""
    return plain_suffix(path) in {".csv", ".tsv"}


def _open(path: Path, compression: str | None) -> Any:  # noqa: ANN401  (stream types differ)
    if compression == ".gz":
        return gzip.open(path, "rb")
    if compression == ".bz2":
        return bz2.open(path, "rb")
    if compression == ".xz":
        return lzma.open(path, "rb")
    if compression == ".zst":
        import pyarrow as pa

        return pa.CompressedInputStream(str(path), "zstd")
    return path.open("rb")
