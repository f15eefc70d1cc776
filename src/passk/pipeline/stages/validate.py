"""`validate@KIND`: expectations across the tables of a study; a failed one stops the run."""

from collections.abc import Mapping, Sequence

import polars as pl

from passk.config import manifest, paths
from passk.config.validation import Validation
from passk.core.files import write_text
from passk.core.schemas.problems import FILTERS, PROBLEMS
from passk.core.schemas.samples import SAMPLES
from passk.core.schemas.verdicts import VERDICTS
from passk.data.expectations import problems as of_problems
from passk.data.expectations import samples as of_samples
from passk.data.expectations import verdicts as of_verdicts
from passk.data.expectations.declared import Declared, DeclaredDraw
from passk.domains import expectations as gate
from passk.domains.expectations import Expect, Frame
from passk.pipeline.stages.job import Job, StageError


def run(job: Job) -> dict[str, float]:
    """Write data/STUDY/validation/KIND.json; returns how much was expected and looked at.

    Raises:
        StageError: an expectation failed; it names the rows, and where the whole result lies.
    """
    suites = {"problems": _problems, "samples": _samples, "verdicts": _verdicts}
    if job.item not in suites:
        raise StageError(f"validate {job.item!r}: no such suite; legal: {', '.join(suites)}")
    declared = manifest.read_manifest(paths.manifest(job.study, "declared"), Declared.parse)
    bounds = job.section("validation", Validation)
    frames, expectations = suites[job.item](job.study, declared, bounds)
    result = {"study": job.study, **gate.evaluate(job.item, frames, expectations)}
    if job.item == "problems":
        result["filters"] = _filters(job.study, declared).to_dicts()
    # DVC drops the outputs of a failed stage, so what a person has to read lies elsewhere as well.
    readable = paths.STATE / "validation" / job.study / f"{job.item}.json"
    write_text(readable, gate.text(result))
    if not result["success"]:
        raise StageError(
            f"expectations of {job.item} failed:\n{gate.complaint(result)}\n"
            f"all results: {readable}; as a page: passk docs"
        )
    write_text(paths.validation(job.study, job.item), gate.text(result))
    return {
        "expectations": float(len(expectations)),
        "rows": float(sum(len(frame.rows) for frame in frames.values())),
    }


def _problems(
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
    filters = _filters(study, declared)
    frames = of_problems.frames(sets, filters, declared.trained_on, sources, read)
    return frames, of_problems.expectations()


def _filters(study: str, declared: Declared) -> pl.DataFrame:
    """What each filter of each set was given and kept; the page shows it."""
    tables = (FILTERS.read(paths.filter_table(study, name)) for name in declared.sets)
    return pl.concat(tables).sort("set", "order")


def _samples(
    study: str, declared: Declared, bounds: Validation
) -> tuple[dict[str, Frame], list[Expect]]:
    draws = _draws(declared)
    tables = {name: SAMPLES.read(paths.samples(study, name), of_samples.COLUMNS) for name in draws}
    frames = of_samples.frames(
        tables, _sampled_problems(study, declared), draws, imported_same_n=bounds.imported_same_n
    )
    return frames, of_samples.expectations(bounds.truncated_at_most)


def _verdicts(
    study: str, declared: Declared, bounds: Validation
) -> tuple[dict[str, Frame], list[Expect]]:
    draws = _draws(declared)
    tables = {
        name: VERDICTS.read(paths.verdicts(study, name), of_verdicts.COLUMNS) for name in draws
    }
    frames = of_verdicts.frames(
        tables, _sampled_problems(study, declared), draws, imported_same_n=bounds.imported_same_n
    )
    return frames, of_verdicts.expectations(bounds.unknown_at_most)


def _draws(declared: Declared) -> Mapping[str, DeclaredDraw]:
    if not declared.draws:
        raise StageError("draws: none declared in params.yaml; there is nothing to validate")
    return declared.draws


def _sampled_problems(study: str, declared: Declared) -> pl.DataFrame:
    """`set, index, problem_id` of all sets that a draw names."""
    columns = ["set", "index", "problem_id"]
    files = [paths.problem_set(study, name) for name in declared.sampled]
    return pl.concat([PROBLEMS.read(path, columns) for path in files])
