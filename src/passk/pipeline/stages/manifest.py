"""`manifest`: what stages that read all draws, arms and sets have to know of them."""

from collections.abc import Iterable

import polars as pl

from passk.analysis.settings import ViewEntry
from passk.analysis.views import ViewMembers
from passk.config import manifest, paths
from passk.config.manifest_content import declare, list_names
from passk.core.files import json_text, write_text
from passk.core.schemas.problems import PROBLEMS
from passk.data.filters import apply_filters
from passk.data.problem_filters import Tagged
from passk.pipeline.stages.job import Job, StageError


def run(job: Job) -> dict[str, float]:
    """Write data/STUDY/manifest/NAME.json; returns how many items each section declares."""
    declared = declare(job.params)
    sampled = {name for draw in declared["draws"].values() for name in draw.get("sets", ())}
    views = manifest.AnalysedViews(_read_views(job), _exclude_problems(job, sampled))
    write_text(paths.manifest(job.study, "declared"), json_text(declared))
    for folder, names in list_names(declared).items():
        write_text(paths.manifest(job.study, folder), json_text(names))
    write_text(paths.manifest(job.study, "sets"), json_text(sorted(sampled)))
    expanded = sorted(job.params.get("expansions") or {})
    write_text(paths.manifest(job.study, "expansions"), json_text(expanded))
    write_text(paths.manifest(job.study, "scores"), json_text(manifest.scores_content(job.params)))
    write_text(paths.manifest(job.study, "views"), json_text(manifest.views_content(views)))
    return {section: float(len(items)) for section, items in declared.items()}


def _read_views(job: Job) -> dict[str, ViewMembers]:
    """Each view's set, and the ids of the problems that it holds.

    Raises:
        StageError: a view holds none.
    """
    entries = job.params["analysis"]["views"]
    return {
        name: _select_members(job, name, ViewEntry.model_validate(entries[name]))
        for name in sorted(entries)
    }


def _select_members(job: Job, name: str, view: ViewEntry) -> ViewMembers:
    """The problems that stay after a view's filters."""
    kept, steps = apply_filters(_read_problems(job, view.set), view.filters)
    if kept.is_empty():
        counts = ", ".join(f"{kind}: {i} -> {o}" for _, kind, i, o, _ in steps.rows())
        raise StageError(
            f"analysis.views.{name}: it holds no problem of {view.set!r} ({counts}); "
            "loosen its filters"
        )
    return ViewMembers(view.set, sorted(kept["problem_id"]))


def _exclude_problems(job: Job, sampled: Iterable[str]) -> dict[str, list[str]]:
    """Ids of the problems of each sampled set that carry a tag of `analysis.coverage_excludes`."""
    tags = job.params["analysis"]["coverage_excludes"]
    if not tags:
        return {}
    excluded = {}
    for name in sorted(sampled):
        kept, _ = apply_filters(_read_problems(job, name), [Tagged(tags=tags)])
        excluded[name] = sorted(kept["problem_id"])
    return {name: ids for name, ids in excluded.items() if ids}


def _read_problems(job: Job, name: str) -> pl.DataFrame:
    """The problems of a set."""
    return PROBLEMS.read(paths.problem_set(job.study, name))
