"""Which records made what a stage is about to read.

A dependency is an output of another stage, lies within one (a checkpoint in a run's folder), or is
a folder around several (all count tables). What no record made, a source file, has no parent.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from passk.provenance.lock import Contents, listing_digest
from passk.provenance.record_store import RecordStore


def find_parents(deps: Mapping[str, Contents], stores: Sequence[RecordStore]) -> tuple[str, ...]:
    """Digests of the records whose outputs some dependencies are, in order.

    Args:
        deps: path -> what it holds.
        stores: where to look, in order.
    """
    parents = {
        digest for path, contents in deps.items() for digest in _find_makers(path, contents, stores)
    }
    return tuple(sorted(parents))


def _find_makers(path: str, contents: Contents, stores: Sequence[RecordStore]) -> Iterator[str]:
    around = _ask(stores, path, contents.md5) or _find_around(path, contents, stores)
    if around:
        yield around
    else:
        yield from _find_within(path, contents.files, stores)


def _ask(stores: Sequence[RecordStore], path: str, md5: str) -> str:
    return next((digest for s in stores if (digest := s.maker(path, md5))), "")


def _find_around(path: str, contents: Contents, stores: Sequence[RecordStore]) -> str:
    """The record of the folder that a path lies in, as far as that folder has these very files."""
    for parent in list(PurePosixPath(path).parents)[:-1]:
        inner = PurePosixPath(path).relative_to(parent).as_posix()
        wanted = {f"{inner}/{name}": md5 for name, md5 in contents.files.items()}
        wanted = wanted or {inner: contents.md5}
        for store in stores:
            for md5, digest in store.makers(parent.as_posix()).items():
                files = store.files(md5) or {}
                if wanted.items() <= files.items():
                    return digest
    return ""


def _find_within(
    path: str, files: Mapping[str, str], stores: Sequence[RecordStore]
) -> Iterator[str]:
    """Records of the files and folders in a folder, the outermost first."""
    inner: dict[str, dict[str, str]] = {}
    for name, md5 in files.items():
        digest = _ask(stores, f"{path}/{name}", md5)
        if digest:
            yield digest
        elif "/" in name:
            first, _, rest = name.partition("/")
            inner.setdefault(first, {})[rest] = md5
    for name, files_within in inner.items():
        digest = _ask(stores, f"{path}/{name}", listing_digest(files_within))
        if digest:
            yield digest
        else:
            yield from _find_within(f"{path}/{name}", files_within, stores)
