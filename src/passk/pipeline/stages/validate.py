"""`validate@KIND`: expectations across the tables of a study; a failed one stops the run."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

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
    declared = manifest.read_declared(paths.manifest(job.study, "declared"))
    job = replace(job, params={**job.params, **declared})
    frames, expectations = suites[job.item](job, Validation(**job.params["validation"]))
    result = {"study": job.study, **gate.evaluate(job.item, frames, expectations)}
    if job.item == "problems":
        result["filters"] = _filters(job).to_dicts()
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


def _problems(job: Job, bounds: Validation) -> tuple[dict[str, Frame], list[Expect]]:
    del bounds  # nothing about problems is negotiable
    files = {name: paths.problem_set(job.study, name) for name in job.params["sets"]}
    # Images are large: they are held for one set at a time, and only where there are any.
    columns = [name for name in PROBLEMS.columns if name != "picture"]
    sets = {name: PROBLEMS.read(path, columns) for name, path in files.items()}

    def read(name: str, columns: Sequence[str]) -> pl.DataFrame:
        return PROBLEMS.read(files[name], columns)

    sources = {name: str(entry["problems"]) for name, entry in job.params["sets"].items()}
    training = of_problems.trained_on(job.params)
    frames = of_problems.frames(sets, _filters(job), training, sources, read)
    return frames, of_problems.expectations()


def _filters(job: Job) -> pl.DataFrame:
    """What each filter of each set was given and kept; the page shows it."""
    names = job.params["sets"]
    tables = (FILTERS.read(paths.filter_table(job.study, name)) for name in names)
    return pl.concat(tables).sort("set", "order")


def _samples(job: Job, bounds: Validation) -> tuple[dict[str, Frame], list[Expect]]:
    tables = {
        draw: SAMPLES.read(paths.samples(job.study, draw), of_samples.COLUMNS)
        for draw in job.params["draws"]
    }
    frames = of_samples.frames(
        tables, _asked(job), _draws(job), imported_same_n=bounds.imported_same_n
    )
    return frames, of_samples.expectations(bounds.truncated_at_most)


def _verdicts(job: Job, bounds: Validation) -> tuple[dict[str, Frame], list[Expect]]:
    tables = {
        draw: VERDICTS.read(paths.verdicts(job.study, draw), of_verdicts.COLUMNS)
        for draw in job.params["draws"]
    }
    frames = of_verdicts.frames(
        tables, _asked(job), _draws(job), imported_same_n=bounds.imported_same_n
    )
    return frames, of_verdicts.expectations(bounds.unknown_at_most)


def _draws(job: Job) -> Mapping[str, Mapping[str, Any]]:
    draws: Mapping[str, Mapping[str, Any]] = job.params["draws"]
    if not draws:
        raise StageError("draws: none declared in params.yaml; there is nothing to validate")
    return draws


def _asked(job: Job) -> pl.DataFrame:
    """`set, index, problem_id` of all sets that a draw names."""
    names = dict.fromkeys(name for draw in _draws(job).values() for name in draw["sets"])
    columns = ["set", "index", "problem_id"]
    files = [paths.problem_set(job.study, name) for name in names]
    return pl.concat([PROBLEMS.read(path, columns) for path in files])
