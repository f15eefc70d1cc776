"""Files that a study names: the right ones, and with what is asked of them.

What is looked at is bounded in time: of a file of samples its first row, of a benchmark's its
digest and, for filters, its problems, up to `LARGEST_DIGEST` and `LARGEST_TABLE`. Of a larger file
only that it is there; the stage that reads it whole makes the same checks, and says the same.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import polars as pl

from passk.config.checks.filters import describe_filter, find_emptying_filter
from passk.config.checks.models import find_model_faults
from passk.config.schema import Study
from passk.core.registry import UnknownNameError
from passk.core.rows import RecordedError
from passk.data.benchmark_settings import Benchmark
from passk.data.benchmarks import check_files, list_files, read_benchmark
from passk.data.filters import ProblemFilter
from passk.data.import_settings import Imported
from passk.data.problem_filters import (
    AnswerType,
    DateWindow,
    Drop,
    First,
    FreeForm,
    Tagged,
    Untagged,
)
from passk.data.value_paths import PathError
from passk.domains.benchmark_problem import UNTESTED
from passk.domains.benchmark_tables import problem_table
from passk.domains.registry import DOMAINS
from passk.logs.imported import list_files as list_sample_files
from passk.logs.imported import read_sides, reading_of
from passk.logs.reader import read
from passk.logs.tables import tabulate_problems

LARGEST_DIGEST = 256_000_000  # bytes; about half a second
LARGEST_TABLE = 16_000_000  # bytes; about a second
LARGEST_ROW_FILE = 64_000_000  # of JSON or Parquet, which is read whole for its first row


def find_file_faults(study: Study) -> Iterator[str]:
    """Missing files, other files, columns that are not there, sets that are certainly empty."""
    problems: dict[str, pl.DataFrame | None] = {}
    for name, benchmark in study.benchmarks.items():
        if not Path(benchmark.path).exists():
            continue  # `unready` lists it: the study can be planned, and other parts of it run
        faults = list(_benchmark(f"benchmarks.{name}", benchmark))
        yield from faults
        if not faults:
            yield from _read_problems(f"benchmarks.{name}", name, benchmark, problems)
    for name, entry in study.imported.items():
        faults = list(_imported(f"imported.{name}", entry))
        yield from faults
        if not faults and entry.benchmark is None:
            problems[name] = _read_samples(entry)
    yield from _emptied(study, problems)
    yield from find_model_faults(study)


def _size(settings: Benchmark) -> int:
    files = list_files(settings.source or settings.described, Path(settings.path))
    return sum(file.stat().st_size for file in files)


def _benchmark(key: str, settings: Benchmark) -> Iterator[str]:
    """The file of a benchmark, its digest, and its folder of images."""
    path = Path(settings.path)
    if settings.images is not None and not Path(settings.images).is_dir():
        yield f"{key}.images = {settings.images!r}: no such folder; get it, or correct the path"
    try:
        if _size(settings) <= LARGEST_DIGEST:
            check_files(settings.source or settings.described, path, settings.sha256)
    except RecordedError as error:
        yield f"{key}.sha256 = {settings.sha256!r}: {error}"


def _imported(key: str, settings: Imported) -> Iterator[str]:
    """Files of samples, and of each the first row with a sample."""
    path = Path(settings.path)
    if not path.exists():
        yield f"{key}.path = {settings.path!r}: no such file; get it, or correct the path"
        return
    if settings.benchmark is not None and not Path(settings.benchmark.path).exists():
        yield f"{key}.benchmark.path = {settings.benchmark.path!r}: no such file; get it"
    elif settings.benchmark is not None:
        yield from _benchmark(f"{key}.benchmark", settings.benchmark)
    if settings.problems is not None and not (path / settings.problems).is_file():
        yield f"{key}.problems = {settings.problems!r}: no such file in {path}; correct the name"
    for name, model in settings.reads().items():
        own = f"{key}.models.{name}" if name else key
        try:
            for file in list_sample_files(settings, model):
                if file.stat().st_size <= LARGEST_ROW_FILE or ".jsonl" in file.name:
                    list(islice(read([file], reading_of(model)), 1))
        except (RecordedError, PathError, OSError, UnicodeDecodeError) as error:
            yield f"{own}: {error}"
        except UnknownNameError as error:
            yield f"{own}.format = {model.format!r}: {error}"


def _read_problems(
    key: str, name: str, settings: Benchmark, problems: dict[str, pl.DataFrame | None]
) -> Iterator[str]:
    """A benchmark's problems, without expected outputs and images; faults of its rows."""
    path, described = Path(settings.path), settings.described
    if _size(settings) > LARGEST_TABLE:
        return
    try:
        read = read_benchmark(settings.source or described, path, settings.sha256, settings.without)
        problems[name] = problem_table(read, name, DOMAINS[described.domain], described.title)
    except RecordedError as error:
        yield f"{key}.path = {settings.path!r}: {error}"
    except ValueError:
        return  # what its completion would fill in is needed: the stage says more


def _read_samples(settings: Imported) -> pl.DataFrame | None:
    """The problems of files of samples; None where they are large, or the stage refuses them."""
    sizes = [
        file.stat().st_size
        for model in settings.reads().values()
        for file in list_sample_files(settings, model)
    ]
    if sum(sizes) > LARGEST_TABLE:
        return None
    try:
        aligned = read_sides(settings).align(settings.min_n)
        return tabulate_problems(aligned.problems, settings.domain)
    except ValueError:
        return None


def _emptied(study: Study, problems: dict[str, pl.DataFrame | None]) -> Iterator[str]:
    """Sets and views without a problem."""
    chosen: dict[str, tuple[str, list[ProblemFilter]]] = {
        f"sets.{name}.filters": (entry.problems, entry.filters)
        for name, entry in study.sets.items()
    }
    chosen |= {
        f"analysis.views.{name}.filters": (
            study.sets[view.set].problems, [*study.sets[view.set].filters, *view.filters]
        )
        for name, view in study.analysis.views.items()
    }  # fmt: skip
    for key, (origin, filters) in chosen.items():
        files_of_filters = [getattr(one, "file", None) for one in filters]
        for path in files_of_filters:
            if path is not None and not Path(path).is_file():
                yield f"{key}: file = {path!r}: no such file; get it, or correct the path"
        frame = problems.get(origin)
        if frame is None or not all(map(_is_decided, filters)):
            continue
        emptying = find_emptying_filter(frame, filters)
        if emptying is not None:
            yield (
                f"{key}: no problem of {origin!r} is left after {describe_filter(emptying)}; "
                "loosen or remove it"
            )


def _is_decided(chosen: ProblemFilter) -> bool:
    """Whether a filter asks only for what is read here: no images, no tests that are still made."""
    if isinstance(chosen, Tagged | Untagged):
        return UNTESTED not in chosen.tags
    return isinstance(chosen, FreeForm | AnswerType | DateWindow | Drop | First)
