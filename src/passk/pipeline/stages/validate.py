"""`validate@KIND`: expectations across the tables of a study; a failed one stops the run."""

import sys
from collections.abc import Mapping, Sequence

import polars as pl

from passk.config import manifest, paths
from passk.config.validation import Contamination, Validation
from passk.core.files import write_text
from passk.core.schemas.problems import FILTERS, PROBLEMS
from passk.core.schemas.samples import SAMPLES
from passk.core.schemas.verdicts import VERDICTS
from passk.data.expectations import contamination as of_contamination
from passk.data.expectations import problems as of_problems
from passk.data.expectations import samples as of_samples
from passk.data.expectations import verdicts as of_verdicts
from passk.data.expectations.declared import Declared, DeclaredDraw
from passk.data.expectations.results import (
    FILTERED,
    ContaminationResult,
    FilterStep,
    SuiteResult,
)
from passk.domains.expectations import Expect, Frame, describe_failures, evaluate
from passk.pipeline.stages.job import Job, StageError


def run(job: Job) -> dict[str, float]:
    """Write data/STUDY/validation/KIND.json; returns how much was expected and looked at.

    Raises:
        StageError: an expectation failed; it names the rows, and where the whole result lies.
    """
    suites = {
        "problems": _condense_problems,
        "samples": _condense_samples,
        "verdicts": _condense_verdicts,
    }
    if job.item not in suites:
        raise StageError(f"validate {job.item!r}: no such suite; legal: {', '.join(suites)}")
    declared = manifest.read_manifest(paths.manifest(job.study, "declared"), Declared.parse)
    bounds = job.section("validation", Validation)
    frames, expectations = suites[job.item](job.study, declared, bounds)
    contamination = (
        _find_contamination(job.study, declared, bounds.contamination)
        if job.item == FILTERED
        else []
    )
    for line in of_contamination.describe(contamination):
        print(f"passk: {line}", file=sys.stderr)
    if contamination and bounds.contamination.action == "error":
        frames |= {of_contamination.FRAME: of_contamination.make_frame(contamination)}
        expectations += [of_contamination.make_expectation(bounds.contamination.n)]
    results = evaluate(frames, expectations)
    suite = SuiteResult(
        study=job.study,
        kind=job.item,
        success=all(result.success for result in results),
        frames={name: len(frame.rows) for name, frame in frames.items()},
        expectations=results,
        filters=_read_steps(job.study, declared) if job.item == FILTERED else (),
        contamination=contamination,
    )
    # DVC drops the outputs of a failed stage, so what a person has to read lies elsewhere as well.
    readable = paths.STATE / "validation" / job.study / f"{job.item}.json"
    write_text(readable, suite.dump())
    if not suite.success:
        raise StageError(
            f"expectations of {job.item} failed:\n{describe_failures(results)}\n"
            f"all results: {readable}; as a page: passk docs"
        )
    write_text(paths.validation(job.study, job.item), suite.dump())
    return {
        "expectations": float(len(expectations)),
        "rows": float(sum(len(frame.rows) for frame in frames.values())),
    }


def _condense_problems(
    study: str, declared: Declared, bounds: Validation
) -> tuple[dict[str, Frame], list[Expect]]:
    del bounds  # nothing about problems is negotiable
    files = {name: paths.problem_set(study, name) for name in declared.sets}
    # Images are large: they are held for one set at a time, and only where there are any.
    columns = [name for name in PROBLEMS.columns if name != "image_bytes"]
    sets = {name: PROBLEMS.read(path, columns) for name, path in files.items()}

    def read(name: str, columns: Sequence[str]) -> pl.DataFrame:
        return PROBLEMS.read(files[name], columns)

    sources = {name: entry.problems for name, entry in declared.sets.items()}
    filters = _read_filters(study, declared)
    frames = of_problems.frames(sets, filters, declared.trained_on, sources, read)
    return frames, of_problems.expectations()


def _find_contamination(
    study: str, declared: Declared, settings: Contamination
) -> list[ContaminationResult]:
    """Published test sets beside published training sets; nothing where that is switched off."""
    if settings.action == "off" or not declared.trained_on:
        return []
    columns = ["index", "problem_id", "domain", "question", "source"]
    sets = {name: PROBLEMS.read(paths.problem_set(study, name), columns) for name in declared.sets}
    sources = {name: entry.problems for name, entry in declared.sets.items()}
    training = of_problems.list_training(sets, declared.trained_on, sources)
    return of_contamination.compare_sets(sets, training, n=settings.n, share=settings.share)


def _read_filters(study: str, declared: Declared) -> pl.DataFrame:
    """What each filter of each set was given and kept; the page shows it."""
    tables = (FILTERS.read(paths.filter_table(study, name)) for name in declared.sets)
    return pl.concat(tables).sort("set", "order")


def _read_steps(study: str, declared: Declared) -> list[FilterStep]:
    """The same, a step a filter."""
    return [FilterStep(**row) for row in _read_filters(study, declared).iter_rows(named=True)]


def _condense_samples(
    study: str, declared: Declared, bounds: Validation
) -> tuple[dict[str, Frame], list[Expect]]:
    draws = _require_draws(declared)
    tables = {name: SAMPLES.read(paths.samples(study, name), of_samples.COLUMNS) for name in draws}
    frames = of_samples.frames(
        tables,
        _read_sampled_problems(study, declared),
        draws,
        imported_same_n=bounds.imported_same_n,
    )
    return frames, of_samples.expectations(bounds.truncated_at_most)


def _condense_verdicts(
    study: str, declared: Declared, bounds: Validation
) -> tuple[dict[str, Frame], list[Expect]]:
    draws = _require_draws(declared)
    tables = {
        name: VERDICTS.read(paths.verdicts(study, name), of_verdicts.COLUMNS) for name in draws
    }
    frames = of_verdicts.frames(
        tables,
        _read_sampled_problems(study, declared),
        draws,
        imported_same_n=bounds.imported_same_n,
    )
    return frames, of_verdicts.expectations(bounds.unknown_at_most)


def _require_draws(declared: Declared) -> Mapping[str, DeclaredDraw]:
    if not declared.draws:
        raise StageError("draws: none declared in params.yaml; there is nothing to validate")
    return declared.draws


def _read_sampled_problems(study: str, declared: Declared) -> pl.DataFrame:
    """`set, index, problem_id` of all sets that a draw names."""
    columns = ["set", "index", "problem_id"]
    files = [paths.problem_set(study, name) for name in declared.sampled]
    return pl.concat([PROBLEMS.read(path, columns) for path in files])
