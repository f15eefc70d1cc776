r"""What must hold of problems about pictures.

A question is at fault where it states its answer as such (`the answer is 7`, `\boxed{7}`). Not
checked: whether the answer stands somewhere in the question, as choices and given numbers do; and
whether an image shows its answer in writing, as tables and charts rightly do.
"""

import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

import polars as pl

from passk.core.images import LONGEST, MOST_PIXELS, opened, shown
from passk.domains.expectations import Expect, Frame, none

# What is read of a problem table; `picture` is looked at one row after the other.
COLUMNS = ("set", "index", "problem_id", "domain", "question", "answer", "image", "picture")

_KEY = ("set", "index", "problem_id")
_FAULTS = ("undecodable", "other_digest", "not_rgb", "bounds", "metadata", "unpaired", "absent",
           "told")  # fmt: skip
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PIXELS_ALONE = frozenset({b"IHDR", b"IDAT", b"IEND"})


class ImageSuite:
    """Images are whole, in normal form and where they belong; no question states its answer."""

    name = "pictures"
    columns = COLUMNS

    def concerns(self, problems: pl.DataFrame) -> bool:
        """Whether a set is about images, or has any."""
        return bool(problems.select(_concerned(problems).any()).item())

    def frame(self, tables: Iterable[pl.DataFrame]) -> Frame:
        """Condense the problems that have images, or should have; see `expectations`.

        Args:
            tables: problem tables, taken one after the other, with COLUMNS; without images they
                may lack `picture`.
        """
        seen: dict[bytes, Mapping[str, Any]] = {}  # sets share images: each is decoded once
        rows = [row for table in tables for row in _rows(table, seen)]
        schema = {"set": pl.String(), "index": pl.Int64(), "problem_id": pl.String()}
        return Frame(pl.DataFrame(rows, schema=schema | dict.fromkeys(_FAULTS, pl.Int64())), _KEY)

    def expectations(self) -> list[Expect]:
        """What is expected of the frame `pictures`."""
        again = "run the stage that made the problems again"
        return [
            none("undecodable", "pictures", "every picture can be decoded", again),
            none("other_digest", "pictures", "every picture is the one that its digest names",
                 again),
            none("not_rgb", "pictures", "every picture is RGB", again),
            none("bounds", "pictures",
                 f"no picture exceeds {MOST_PIXELS} pixels, or is {LONGEST} times as long as wide",
                 "shrink the image, or drop the problem with a filter"),
            none("metadata", "pictures",
                 "pictures hold pixels and nothing else, so no answer either", again),
            none("unpaired", "pictures", "a problem has both a picture and its digest, or neither",
                 again),
            none("absent", "pictures", "where a set has pictures, every visual problem has one",
                 "filter {kind: image_present}, or get the missing images"),
            none("told", "pictures", "no question states its answer",
                 "mend the question, or drop the problem with a filter"),
        ]  # fmt: skip


def _concerned(problems: pl.DataFrame) -> pl.Expr:
    """Rows about images, or with one."""
    present = [name for name in ("image", "picture") if name in problems.columns]
    return pl.any_horizontal(
        pl.col("domain") == "visual", *(pl.col(name).is_not_null() for name in present)
    )


def _rows(table: pl.DataFrame, seen: dict[bytes, Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    if "picture" not in table.columns:
        table = table.with_columns(picture=pl.lit(None, dtype=pl.Binary))
    about = table.filter(_concerned(table)).select(COLUMNS)
    pictured = bool(about["picture"].is_not_null().any())
    for row in about.iter_rows(named=True):
        faults = dict.fromkeys(_FAULTS, 0)
        png, image = row["picture"], row["image"]
        faults["unpaired"] = int((png is None) != (image is None))
        # Benchmarks may be filtered and judged without images: then no problem of a set has one.
        faults["absent"] = int(pictured and row["domain"] == "visual" and png is None)
        faults["told"] = int(states(row["question"], row["answer"]))
        if png is not None:
            name = sha256(png).digest()
            found = seen[name] if name in seen else seen.setdefault(name, facts(png))
            faults |= {fault: found[fault] for fault in found.keys() & faults.keys()}
            faults["other_digest"] = int(found["digest"] not in (None, image))
        yield {**{key: row[key] for key in _KEY}, **faults}


def states(question: str, answer: str) -> bool:
    r"""Whether a question says what its answer is.

    Example:
        >>> states("Find x. The answer is 7.", "7"), states("Find the answer, 7 or 8.", "7")
        (True, False)
    """
    if not answer.strip():
        return False
    said = r"(?:\banswer\s*(?:is|=|:)\s*|\\boxed\{\s*)"
    return (
        re.search(rf"{said}\$?{re.escape(answer.strip())}(?![\w.,]*\w)", question, re.I) is not None
    )


def facts(png: bytes) -> dict[str, Any]:
    """What is wrong with an image in normal form, as 0 or 1, and `digest` of what it shows."""
    found: dict[str, Any] = {"undecodable": 0, "not_rgb": 0, "bounds": 0, "digest": None}
    chunks, width, height = layout(png)
    found["metadata"] = int(bool(set(chunks) - _PIXELS_ALONE))
    if width < 1 or height < 1:
        return found | {"undecodable": 1}
    longest = max(width, height) > LONGEST * min(width, height)
    if longest or width * height > MOST_PIXELS:
        return found | {"bounds": 1}  # and is not decoded
    try:
        image = opened(png)
    except (OSError, ValueError, SyntaxError):
        return found | {"undecodable": 1}
    return found | {"not_rgb": int(image.mode != "RGB"), "digest": shown(image)}


def layout(png: bytes) -> tuple[list[bytes], int, int]:
    """The chunks of a PNG file, and its width and height; 0 where it is none, or cut short."""
    if not png.startswith(_SIGNATURE):
        return [], 0, 0
    chunks, place = [], len(_SIGNATURE)
    while place + 8 <= len(png):
        size, kind = struct.unpack_from(">I4s", png, place)
        chunks.append(kind)
        place += 12 + size
    if not chunks or chunks[0] != b"IHDR" or chunks[-1] != b"IEND" or place != len(png):
        return chunks, 0, 0
    width, height = struct.unpack_from(">II", png, len(_SIGNATURE) + 8)
    return chunks, width, height


IMAGES = ImageSuite()
