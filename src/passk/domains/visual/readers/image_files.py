"""The images of a benchmark: read one after the other, checked, in normal form.

An image's digest is of what it shows, so a lossless copy in another format is the same image.

Example:
    >>> images_digest([])[:8]
    '4f53cda1'
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from passk.core.digests import digest
from passk.core.images import MOST_BYTES, ImageError, StoredImage, normalize
from passk.core.rows import RecordedError
from passk.domains.benchmark_problem import ANY_FILE, BenchmarkProblem
from passk.domains.completions import BenchmarkFiles

_SHOWN = 5  # faults that a message names


def with_images(
    problems: Sequence[BenchmarkProblem], folder: Path | None, *, partial: bool = False
) -> list[BenchmarkProblem]:
    """The problems, with their images.

    Args:
        problems: of a benchmark.
        folder: where the files lie that the problems name, as they name them (`images/4.jpg`) or
            by their last name alone (`4.jpg`); None: those are not read. Images whose bytes the
            benchmark's file holds always are.
        partial: whether files may be missing; such problems stay, without an image.

    Raises:
        RecordedError: images are missing, or cannot be used; it names the problems.
    """
    completed, faults = [], []
    shared = _shared_names(problems)
    for problem in problems:
        try:
            image = _read_image(problem, folder, shared)
        except _MissingError as error:
            image = None
            if not partial:
                faults.append((problem.name, str(error)))
        except ImageError as error:
            faults.append((problem.name, str(error)))
            continue
        completed.append(replace(problem, image=image))
    if faults:
        lines = "".join(f"\n  {fault}" for _, fault in faults[:_SHOWN])
        more = f"\n  and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        names = ", ".join(name for name, _ in faults[:_SHOWN])
        raise RecordedError(
            f"the images of {len(faults)} of {len(problems)} problems cannot be used:{lines}{more}"
            f"\nGet the files again, or leave the problems out: `without: [{names}"
            f"{', ...' if more else ''}]`; `partial_images: true` keeps those whose files are "
            "missing, without an image"
        )
    return completed


def images_digest(problems: Iterable[BenchmarkProblem]) -> str:
    """Digest of the images of problems, by the problems' names."""
    return digest(
        *sorted((problem.name, problem.image.digest) for problem in problems if problem.image)
    )


def complete(problems: Sequence[BenchmarkProblem], files: BenchmarkFiles) -> list[BenchmarkProblem]:
    """The problems with the images that parameters mean.

    Raises:
        RecordedError: as `with_images`; or the images of the folder are others than those of
            `images_sha256`, or this is null: it says what to write.
    """
    folder = None if files.images is None else Path(files.images)
    completed = with_images(problems, folder, partial=files.partial_images)
    if folder is not None:
        _check(completed, files.images_sha256)
    return completed


def _check(problems: Sequence[BenchmarkProblem], sha256: str | None) -> None:
    actual = images_digest(problems)
    if sha256 in (actual, ANY_FILE):
        return
    number = sum(problem.image is not None for problem in problems)
    raise RecordedError(
        f"images_sha256 is {sha256 or 'null'}, but the {number} images of {len(problems)} "
        f"problems have {actual}. If they are those you mean, give `images_sha256: {actual}` in "
        f"the parameters, so that another image is noticed, or `images_sha256: {ANY_FILE}`"
    )


class _MissingError(Exception):
    """There is no such file."""


def _shared_names(problems: Sequence[BenchmarkProblem]) -> set[str]:
    """Last names that several paths end with: `a/1.jpg` and `b/1.jpg`."""
    paths = {problem.image_file for problem in problems if isinstance(problem.image_file, str)}
    names = Counter(PurePosixPath(path).name for path in paths)
    return {name for name, number in names.items() if number > 1}


def _read_image(
    problem: BenchmarkProblem, folder: Path | None, shared: set[str]
) -> StoredImage | None:
    place = f"problem {problem.name!r}"
    if isinstance(problem.image_file, bytes):
        return normalize(problem.image_file, f"{place} ({problem.place})")
    if problem.image_file is None or folder is None:
        return None
    named = PurePosixPath(problem.image_file)
    if named.is_absolute() or ".." in named.parts:
        raise ImageError(f"{place}: image {problem.image_file!r} leads out of the folder of images")
    for path in (folder / named, folder / named.name):
        if path.is_file():
            if path != folder / named and named.name in shared:
                raise ImageError(
                    f"{place}: {path} may be the image of any of several problems, which name it "
                    f"in different folders ({problem.image_file!r} here); keep these folders"
                )
            with path.open("rb") as stream:
                # One byte more than is legal: a file of any size is refused, never held.
                return normalize(stream.read(MOST_BYTES + 1), f"{place} ({path})")
    raise _MissingError(f"{place}: no file {folder / named}, nor {folder / named.name}")
