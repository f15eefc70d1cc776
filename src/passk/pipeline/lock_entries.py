"""`dvc.lock` as text, an entry at a time: what one stage costs must not grow with the lock.

DVC parses the whole file to read one entry, and parses and prints it again to write one: 4 s a
stage where the lock has 20,000 lines. Its printer puts every entry at the same indentation and
none depends on another, but for the numbers of anchors (`&id001`, a value that stands twice), so
one entry can be cut out and another put in, byte by byte what DVC would have written.

Whatever is not in the printer's form (comments, data sets, a merge conflict) gives None here, and
is DVC's to read and write.
"""

import re
from collections.abc import Iterator

HEAD = "schema: '2.0'\nstages:\n"

# an entry begins with a plain name at two spaces; its own lines are deeper, or blank in a text
_NAME = re.compile(r"^  ([A-Za-z0-9][A-Za-z0-9@._/+-]*):$")
_OUTER = re.compile(r"^ {0,2}(?! )(?=.)", re.MULTILINE)  # where a line leaves the entries
# an anchor or its use stands where a value begins: after dashes, or after a key and a colon
_QUOTED = r"'(?:[^'\n]|'')*'|\"(?:[^\"\\\n]|\\.)*\""
_KEY = rf"(?:{_QUOTED}|[^\s'\"&*-](?:(?!: )[^\n])*): "
_ANCHOR = re.compile(rf"^( +(?:- )*(?:{_KEY})?)([&*])id(\d{{3,}})(?=$| )", re.MULTILINE)


def split(text: str) -> dict[str, str] | None:
    """Stage name -> its lines, its name's among them, in order; None where the form is another."""
    if not text:
        return {}
    if not text.startswith(HEAD) or not text.endswith("\n"):
        return None
    body = text[len(HEAD) :]
    starts = [(match.start(), _name(body, match.start())) for match in _OUTER.finditer(body)]
    names = [name for _, name in starts]
    if not starts or starts[0][0] or None in names or len(set(names)) < len(names):
        return None
    ends = [start for start, _ in starts[1:]] + [len(body)]
    lines = [body[start:end] for (start, _), end in zip(starts, ends, strict=True)]
    if any(_anchors(entry, "*") - _anchors(entry, "&") for entry in lines):
        return None
    return dict(zip(map(str, names), lines, strict=True))


def _anchors(entry: str, sign: str) -> set[int]:
    """Numbers of the anchors (`&`) or of their uses (`*`)."""
    if f"{sign}id" not in entry:
        return set()
    return {int(match[3]) for match in _ANCHOR.finditer(entry) if match[2] == sign}


def _name(body: str, start: int) -> str | None:
    """The stage whose entry begins here, or None where something else does."""
    match = _NAME.match(body[start : body.index("\n", start)])
    return match[1] if match else None


def cut(text: str, stage: str) -> str | None:
    """A lock with the entry of one stage alone, or with none where it has none."""
    entries = split(text)
    if entries is None:
        return None
    return HEAD + entries[stage] if stage in entries else "schema: '2.0'\nstages: {}\n"


def put(text: str, entry: str) -> str | None:
    """The lock with an entry (its name's line first) in its place: the old one's, or the end."""
    entries = split(text)
    added = split(HEAD + entry)
    if entries is None or added is None:
        return None
    return HEAD + "".join(_numbered([*(entries | added).values()]))


def _numbered(entries: list[str]) -> Iterator[str]:
    """Entries with their anchors counted through the file, as one print of all would have them.

    DVC's printer numbers an anchor where its value stands for the second time, so the numbers of
    each entry follow those of the entries before it, in an order that the entry alone decides.
    """
    before = 0
    for entry in entries:
        numbers = sorted(_anchors(entry, "&"))
        if not numbers:
            yield entry
            continue
        new = {old: before + i for i, old in enumerate(numbers, 1)}
        yield _ANCHOR.sub(lambda m, new=new: f"{m[1]}{m[2]}id{new[int(m[3])]:03d}", entry)  # type: ignore[misc]
        before += len(numbers)
