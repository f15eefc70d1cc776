"""The table of all sources for the reference: what each is, and what its reader was tried on."""

import re
from collections.abc import Iterator

from passk.data.sources import BenchmarkSource, other_names, sources

PAGE = "benchmarks.md"
_HEAD = """# Benchmarks and training sets

All sources of `src/passk/data/sources.yaml`, made by `passk params --write docs/reference`: do
not edit this page. `benchmarks.NAME.source` names one; a YAML file of the same keys describes one
of your own, and a table of your own needs no description ([how to](../how-to/benchmark-reader.md)).

*Tried* is the file that the reader was run on, whole, with the number of problems that it gave: a
path within `tests/data/real` or `../shared/real`, or a file of a public repository at a commit.
Others are written from the layout that is named, and were never run on the file itself: look at the
problems before you trust them. *Pinned* is what the file is held to: a digest (SHA-256) in
`sources.yaml`, or nothing yet; then `passk pin` resolves revision and digest, and writes them into
the study.

"""
_COLUMNS = (
    "name",
    "problems",
    "domain",
    "reader",
    "tried",
    "pinned",
    "licence",
    "revision",
    "from",
)
_REPOSITORY = re.compile(r"https://raw\.githubusercontent\.com/([^/]+/[^/]+)/([0-9a-f]{40})/(.+)")


def render_sources() -> str:
    """The page, in Markdown."""
    lines = [" | ".join(("", *_COLUMNS, "")).strip(), "|" + "---|" * len(_COLUMNS)]
    lines += ["| " + " | ".join(_cells(name, entry)) + " |" for name, entry in sources().items()]
    others = [f"`{name}` is `{known}`" for name, known in other_names().items()]
    return _HEAD + "\n".join(lines) + f"\n\nOther names: {', '.join(others)}.\n"


def _cells(name: str, entry: BenchmarkSource) -> Iterator[str]:
    yield f"`{name}`"
    yield "by release or split" if entry.problems is None else f"{entry.problems:,}"
    yield entry.domain
    yield "its parts'" if entry.parts else f"`{entry.reader}`"
    yield f"`{entry.tried}`" if entry.tried else f"no; layout: {entry.layout}"
    yield _pinned(entry)
    yield entry.licence or "not read"
    yield "" if entry.revision is None else f"`{entry.revision[:12]}`"
    yield _origin(entry)


def _pinned(entry: BenchmarkSource) -> str:
    if entry.parts:
        return "by its parts"
    digests = ", ".join(f"`{digest[:16]}`" for digest in dict.fromkeys(entry.sha256.values()))
    return digests or "not pinned"


def _origin(entry: BenchmarkSource) -> str:
    if entry.parts:
        return ", ".join(f"`{part}`: {name}" for part, name in entry.parts.items())
    if entry.origin is None:
        return f"by hand: {entry.homepage}"
    match = _REPOSITORY.fullmatch(str(entry.origin))
    if match is not None:
        return f"`{match[1]}@{match[2][:7]}`: `{match[3]}`"
    return f"the Hub: `{entry.origin.hub}`: `{entry.origin.file}`"
