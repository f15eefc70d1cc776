"""The head of a composed `params.yaml`: from what it was composed, and the digest of its values."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FROM = re.compile(r"# from (?P<name>.+) (?P<digest>[0-9a-f]{64})$")
_CONTENT = re.compile(r"# content (?P<digest>[0-9a-f]{64})$")


@dataclass(frozen=True)
class Head:
    """What the head of a composed file says.

    Attributes:
        sources: file or shipped name -> SHA-256 of its bytes.
        content: digest of the values that were written.
    """

    sources: Mapping[str, str]
    content: str


def content_digest(values: Mapping[str, Any]) -> str:
    """Digest of parameters by value: comments, order of keys and layout count for nothing."""
    try:
        text = json.dumps(values, sort_keys=True, ensure_ascii=False, default=str)
    except TypeError:  # keys of several kinds: no legal file
        text = repr(values)
    return hashlib.sha256(text.encode()).hexdigest()


def read_head(path: Path) -> Head | None:
    """What a parameter file says that it was composed from; None where it says nothing."""
    sources: dict[str, str] = {}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if not line.startswith("#"):
                return None
            if (source := _FROM.match(line)) is not None:
                sources[source["name"]] = source["digest"]
            if (content := _CONTENT.match(line)) is not None:
                return Head(sources, content["digest"])
    return None
