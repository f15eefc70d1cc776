"""`catalog`: what the stages that read all draws, arms and sets have to know of them."""

from typing import Any

import polars as pl

from passk.analysis.settings import View
from passk.config import manifest as catalog
from passk.config import paths
from passk.core.schemas.problems import PROBLEMS
from passk.data.filters import apply_filters
from passk.data.problem_filters import Tagged
from passk.pipeline.stages.job import Job, StageError


def run(job: Job) -> dict[str, float]:
    """Write data/STUDY/catalog/NAME.json; returns how many items each section declares."""
    files = catalog.contents(job.params)
    files["views"] = {"views": _views(job), "excluded": _excluded(job, files["declared"]["draws"])}
    for name, content in files.items():
        path = paths.catalog(job.study, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.tmp")
        temporary.write_text(catalog.text(content), encoding="utf-8", newline="\n")
        temporary.replace(path)
    return {section: float(len(items)) for section, items in files["declared"].items()}


def _views(job: Job) -> dict[str, dict[str, Any]]:
    """Each view's set, and the ids of the problems that it holds.

    Raises:
        StageError: a view holds none.
    """
    found = {}
    for name, entry in sorted(job.params["analysis"]["views"].items()):
        view = View.model_validate(entry)
        kept, table = apply_filters(_problems(job, view.set), view.filters)
        if kept.is_empty():
            went = ", ".join(f"{kind}: {i} -> {o}" for _, kind, i, o, _ in table.rows())
            raise StageError(
                f"analysis.views.{name}: it holds no problem of {view.set!r} ({went}); "
                "loosen its filters"
            )
        found[name] = {"set": view.set, "problems": sorted(kept["problem_id"])}
    return found


def _excluded(job: Job, draws: dict[str, Any]) -> dict[str, list[str]]:
    """Ids of the problems of each sampled set that carry a tag of `analysis.coverage_excludes`."""
    tags = job.params["analysis"]["coverage_excludes"]
    if not tags:
        return {}
    sampled = sorted({name for draw in draws.values() for name in draw.get("sets", ())})
    found = {}
    for name in sampled:
        kept, _ = apply_filters(_problems(job, name), [Tagged(tags=tags)])
        found[name] = sorted(kept["problem_id"])
    return {name: ids for name, ids in found.items() if ids}


def _problems(job: Job, name: str) -> pl.DataFrame:
    """The problems of a set."""
    return PROBLEMS.read(paths.problem_set(job.study, name))
