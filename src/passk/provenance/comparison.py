"""The files of a study at hand beside the digests that a commit promises for them."""

import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from passk.provenance.lock import LOCK, LockEntry, parse_lock, path_digest


class ComparisonError(ValueError):
    """There is nothing to compare with; the message says what is missing."""


@dataclass(frozen=True)
class Difference:
    """An output that is not what was committed.

    Attributes:
        stage: whose output it is.
        path: of the output.
        committed: digest in the commit's lock.
        present: digest of the file at hand, or None where there is none.
    """

    stage: str
    path: str
    committed: str
    present: str | None


def committed_lock(revision: str, root: Path = Path()) -> dict[str, LockEntry]:
    """The lock of a commit.

    Raises:
        ComparisonError: this is no git repository, or the commit or its lock does not exist.
    """
    try:
        done = subprocess.run(
            ["git", "-C", str(root), "show", f"{revision}:./{LOCK}"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise ComparisonError("git is not installed; the committed digests are in git") from error
    if done.returncode:
        raise ComparisonError(
            f"no {LOCK} of {revision!r} in git ({done.stderr.strip()}); "
            "the committed digests are there: clone the repository rather than unpack a copy"
        )
    return parse_lock(done.stdout, f"{revision}:{LOCK}", root)


def differences(
    committed: Mapping[str, LockEntry],
    root: Path = Path(),
    progress: Callable[[str], object] = lambda stage: None,
) -> Iterator[Difference]:
    """Outputs at hand that are missing or differ from a lock.

    Args:
        committed: the lock to hold them to.
        root: of the study.
        progress: told each stage when all its outputs were looked at.
    """
    for name, entry in sorted(committed.items()):
        for path, digest in entry.outs.items():
            file = root / path
            present = path_digest(file, root) if file.exists() else None
            if present != digest:
                yield Difference(name, path, digest, present)
        progress(name)
