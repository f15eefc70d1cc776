"""Content digests: the one way in which rows, texts and files are named by what they hold."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

_CHUNK = 1 << 20


def digest(*parts: object) -> str:
    """Hex SHA-256 of JSON-representable parts, independent of dictionary order.

    Example:
        >>> digest("a", {"x": 1, "y": 2}) == digest("a", {"y": 2, "x": 1})
        True
    """
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def seed(*parts: object) -> int:
    """A 63-bit seed derived from what it identifies; equal parts give equal seeds."""
    return int(digest("seed", *parts)[:16], 16) >> 1


def file_digest(path: Path, algorithm: str = "sha256") -> str:
    """Hex digest of a file's bytes."""
    state = hashlib.new(algorithm)
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            state.update(chunk)
    return state.hexdigest()


def files_digest(paths: Iterable[Path], root: Path) -> str:
    """Hex digest of several files: names relative to `root`, and contents."""
    return digest(*sorted((str(p.relative_to(root)), file_digest(p)) for p in paths))
