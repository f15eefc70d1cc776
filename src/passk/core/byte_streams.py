"""Files as people have them: plain or compressed, told by their first bytes and not by their name.

A file named `.jsonl` may be gzip, one named `.gz` plain text. zstd, bzip2, gzip and xz are read;
a byte-order mark of UTF-8 is dropped, one of UTF-16 decides the encoding.
"""

import bz2
import codecs
import gzip
import io
import lzma
from pathlib import Path
from typing import BinaryIO, TextIO, cast

COMPRESSED = (".gz", ".zst", ".bz2", ".xz")
_ZSTD = b"\x28\xb5\x2f\xfd"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def open_bytes(path: Path) -> BinaryIO:
    """The content of a file, decompressed while it is read.

    Raises:
        OSError: it cannot be opened. Damage shows while reading, as one of `DAMAGE`.
    """
    with path.open("rb") as stream:
        head = stream.read(6)
    if head.startswith(b"\x1f\x8b"):
        return cast("BinaryIO", gzip.open(path, "rb"))
    if head.startswith(b"BZh"):
        return cast("BinaryIO", bz2.open(path, "rb"))
    if head == b"\xfd7zXZ\x00":
        return cast("BinaryIO", lzma.open(path, "rb"))
    if head.startswith(_ZSTD):
        import pyarrow as pa  # its own zstd: the standard library has one from Python 3.14 on

        return io.BufferedReader(pa.input_stream(str(path), compression="zstd"), 1 << 20)
    return path.open("rb")


def open_text(path: Path) -> TextIO:
    """The text of a file; ends of lines as they stand, so that CSV may hold them in quotes."""
    stream = open_bytes(path)
    head = stream.read(3)
    stream.close()
    encoding = "utf-16" if head.startswith(_UTF16) else "utf-8-sig"
    return io.TextIOWrapper(open_bytes(path), encoding=encoding, newline="")


def damage() -> tuple[type[Exception], ...]:
    """What reading a damaged file raises."""
    import zlib

    # pyarrow's errors are OSError and ValueError
    return (UnicodeError, EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, OSError)


def kind(path: Path) -> str:
    """The suffix that says what a file holds, without that of a compression.

    Example:
        >>> kind(Path("a.b.jsonl.zst")), kind(Path("a.PARQUET"))
        ('.jsonl', '.parquet')
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    while suffixes and suffixes[-1] in COMPRESSED:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""
