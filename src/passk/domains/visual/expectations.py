r"""What must hold of problems about images.

A question is at fault where it states its answer as such (`the answer is 7`, `\boxed{7}`). Not
checked: whether the answer stands somewhere in the question, as choices and given numbers do; and
whether an image shows its answer in writing, as tables and charts rightly do.
"""

import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256

import polars as pl

from passk.core.images import LONGEST, MOST_PIXELS, decode, digest_pixels
from passk.core.schemas.problems import PROBLEMS
from passk.domains.expectations import Expect, Frame, none

# What is read of a problem table; `image_bytes` is looked at one row after the other.
COLUMNS = ("set", "index", "problem_id", "domain", "question", "answer", "image", "image_bytes")

_KEY = ("set", "index", "problem_id")
_FAULTS = ("undecodable", "other_digest", "not_rgb", "bounds", "metadata", "unpaired", "absent",
           "told")  # fmt: skip
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PIXELS_ALONE = frozenset({b"IHDR", b"IDAT", b"IEND"})


class ImageSuite:
    """Images are whole, in normal form and where they belong; no question states its answer."""

    name = "images"
    columns = COLUMNS

    def concerns(self, problems: pl.DataFrame) -> bool:
        """Whether a set is about images, or has any."""
        return bool(problems.select(_is_concerned(problems).any()).item())

    def frame(self, tables: Iterable[pl.DataFrame]) -> Frame:
        """Condense the problems that have images, or should have; see `expectations`.

        Args:
            tables: problem tables, taken one after the other, with COLUMNS; without images they
                may lack `image_bytes`.
        """
        checked: dict[bytes, ImageFaults] = {}  # sets share images: each is decoded once
        rows = [row for table in tables for row in _count_faults(table, checked)]
        keys = {name: PROBLEMS.columns[name] for name in _KEY}
        schema = keys | dict.fromkeys(_FAULTS, pl.Int64())
        return Frame(pl.DataFrame(rows, schema=schema, orient="row"), _KEY)

    def expectations(self) -> list[Expect]:
        """What is expected of the frame `images`."""
        again = "run the stage that made the problems again"
        return [
            none("undecodable", "images", "every image can be decoded", again),
            none("other_digest", "images", "every image is the one that its digest names",
                 again),
            none("not_rgb", "images", "every image is RGB", again),
            none("bounds", "images",
                 f"no image exceeds {MOST_PIXELS} pixels, or is {LONGEST} times as long as wide",
                 "shrink the image, or drop the problem with a filter"),
            none("metadata", "images",
                 "images hold pixels and nothing else, so no answer either", again),
            none("unpaired", "images", "a problem has both an image and its digest, or neither",
                 again),
            none("absent", "images", "where a set has images, every visual problem has one",
                 "filter {kind: image_present}, or get the missing images"),
            none("told", "images", "no question states its answer",
                 "mend the question, or drop the problem with a filter"),
        ]  # fmt: skip


def _is_concerned(problems: pl.DataFrame) -> pl.Expr:
    """Rows about images, or with one."""
    present = [name for name in ("image", "image_bytes") if name in problems.columns]
    return pl.any_horizontal(
        pl.col("domain") == "visual", *(pl.col(name).is_not_null() for name in present)
    )


@dataclass(frozen=True)
class ImageFaults:
    """What is wrong with an image by itself, and the digest of what it shows; None: not decoded."""

    undecodable: bool = False
    not_rgb: bool = False
    bounds: bool = False
    metadata: bool = False
    digest: str | None = None


def _count_faults(
    table: pl.DataFrame, checked: dict[bytes, ImageFaults]
) -> Iterator[tuple[str | int, ...]]:
    """Key and faults (0 or 1) of each problem about images, in the order of _KEY and _FAULTS."""
    if "image_bytes" not in table.columns:
        table = table.with_columns(image_bytes=pl.lit(None, dtype=pl.Binary))
    about = table.filter(_is_concerned(table)).select(COLUMNS)
    has_images = bool(about["image_bytes"].is_not_null().any())
    for name, index, problem_id, domain, question, answer, image, png in about.iter_rows():
        faults = ImageFaults()
        if png is not None:
            key = sha256(png).digest()
            faults = checked[key] if key in checked else checked.setdefault(key, check_image(png))
        counted = {
            "undecodable": faults.undecodable,
            "other_digest": faults.digest not in (None, image),
            "not_rgb": faults.not_rgb,
            "bounds": faults.bounds,
            "metadata": faults.metadata,
            "unpaired": (png is None) != (image is None),
            # Benchmarks may be filtered and judged without images: then none of a set has one.
            "absent": has_images and domain == "visual" and png is None,
            "told": states_answer(question, answer),
        }
        yield name, index, problem_id, *(int(counted[fault]) for fault in _FAULTS)


def states_answer(question: str, answer: str) -> bool:
    r"""Whether a question says what its answer is.

    Example:
        >>> states_answer("Find x. The answer is 7.", "7")
        True
        >>> states_answer("Find the answer, 7 or 8.", "7")
        False
    """
    if not answer.strip():
        return False
    announcement = r"(?:\banswer\s*(?:is|=|:)\s*|\\boxed\{\s*)"
    pattern = rf"{announcement}\$?{re.escape(answer.strip())}(?![\w.,]*\w)"
    return re.search(pattern, question, re.I) is not None


def check_image(png: bytes) -> ImageFaults:
    """What is wrong with an image in normal form."""
    chunks, width, height = read_layout(png)
    faults = ImageFaults(metadata=bool(set(chunks) - _PIXELS_ALONE))
    if width < 1 or height < 1:
        return replace(faults, undecodable=True)
    is_long = max(width, height) > LONGEST * min(width, height)
    if is_long or width * height > MOST_PIXELS:
        return replace(faults, bounds=True)  # and is not decoded
    try:
        image = decode(png)
    except (OSError, ValueError, SyntaxError):
        return replace(faults, undecodable=True)
    return replace(faults, not_rgb=image.mode != "RGB", digest=digest_pixels(image))


def read_layout(png: bytes) -> tuple[list[bytes], int, int]:
    """The chunks of a PNG file, and its width and height; 0 where it is none, or cut short."""
    if not png.startswith(_SIGNATURE):
        return [], 0, 0
    chunks, position = [], len(_SIGNATURE)
    while position + 8 <= len(png):
        size, kind = struct.unpack_from(">I4s", png, position)
        chunks.append(kind)
        position += 12 + size
    if not chunks or chunks[0] != b"IHDR" or chunks[-1] != b"IEND" or position != len(png):
        return chunks, 0, 0
    width, height = struct.unpack_from(">II", png, len(_SIGNATURE) + 8)
    return chunks, width, height


IMAGES = ImageSuite()
