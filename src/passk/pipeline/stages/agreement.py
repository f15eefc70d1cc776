"""Stage group `agreement`: verdicts on imported samples beside the grades that came with them."""

import json
from collections.abc import Iterator
from typing import Any

import polars as pl

from passk.config import paths
from passk.config.agreement_paths import agreement as agreement_path
from passk.core.schemas.agreement import AGREEMENT
from passk.core.schemas.problems import PROBLEMS
from passk.core.schemas.samples import RESPONSES
from passk.core.schemas.verdicts import VERDICTS
from passk.domains.settings import Verification
from passk.pipeline.stages.job import Job, StageError
from passk.report.agreement import agreement

_KEY = ["problem_id", "sample_index"]
# Sections of `verification` that a domain's judge reads, where it is not its own alone.
_SECTIONS = {"visual": ("visual", "math")}


def run(job: Job) -> dict[str, float]:
    """Write data/STUDY/results/agreement-NAME.parquet; returns graded samples and differences."""
    options = json.dumps(dict(_changed_options(job)), sort_keys=True)
    rows = [_compare(job, draw) | {"options": options} for draw in _list_draws(job)]
    frame = pl.DataFrame(rows, schema=AGREEMENT.columns)
    AGREEMENT.write(frame, agreement_path(job.study, job.item))
    different = sum(row["right_here"] + row["right_there"] for row in rows)
    return {"graded": float(sum(row["graded"] for row in rows)), "different": float(different)}


def _list_draws(job: Job) -> list[str]:
    """The draws that take samples of this entry."""
    return [
        name
        for name, draw in job.params["draws"].items()
        if draw["engine"] == "imported" and draw["model"].partition("/")[0] == job.item
    ]


def _changed_options(job: Job) -> Iterator[tuple[str, Any]]:
    """Options of the grader that have not their defaults."""
    domains = PROBLEMS.read(paths.problems(job.study, job.item), ["domain"])["domain"]
    domain = str(domains[0])
    verification = job.section("verification", Verification)
    changed = verification.model_dump(mode="json", exclude_defaults=True)
    for section in _SECTIONS.get(domain, (domain,)):
        yield from changed.get(section, {}).items()


def _compare(job: Job, draw: str) -> dict[str, Any]:
    """The row of a draw, without options.

    Raises:
        StageError: a verdict on a sample that was not imported.
    """
    model = paths.model(job.study, job.params["draws"][draw]["model"])
    grades = RESPONSES.read(model / "responses.parquet", [*_KEY, "recorded_grade"])
    verdicts = VERDICTS.read(paths.verdicts(job.study, draw), [*_KEY, "verdict", "grader"])
    both = verdicts.join(grades, on=_KEY, how="inner", maintain_order="left")
    if both.height < verdicts.height:
        raise StageError(
            f"draw {draw}: {verdicts.height - both.height} verdicts are on samples that "
            f"imported.{job.item} does not hold; run the stage sample@{draw} again"
        )
    counted = agreement(both["verdict"], both["recorded_grade"])
    return {
        "draw": draw,
        "grader": both["grader"][0],
        "samples": both.height,
        "graded": counted.graded if counted else 0,
        "right_here": counted.right_here if counted else 0,
        "right_there": counted.right_there if counted else 0,
        "kappa": counted.kappa if counted else None,
    }
