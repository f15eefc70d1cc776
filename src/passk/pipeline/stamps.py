"""Stamps: the small files by which Snakemake knows what DVC knows.

Snakemake deletes and touches its outputs, so DVC's outputs are never its outputs. Instead each
stage has a stamp. Before planning, the main process makes the stamps agree with DVC: a stage that
`dvc status` names, and all downstream of it, has no stamp; all others have one, with one common
time. Modification times alone then plan exactly what DVC would.
"""

import math
import os
import shutil
from pathlib import Path

from passk.config.paths import STAMPS, STATE
from passk.pipeline.dag import Dag, Stage

# Names the file in which the runner leaves the digest of the lock entry that its execution should
# have, for the job that called DVC.
FINISHED = "PASSK_FINISHED"
_COMMON_TIME = 1_000_000_000  # any time in the past; equal for all, so that none looks newer


def stamp(stage: Stage, study: str) -> Path:
    """The stamp of a stage: a folder per study and group, a file per item."""
    return STAMPS / study / stage.group / (stage.item or "done")


def planned_mark(stage: Stage, study: str) -> Path:
    """What is newer than the files of a stage that has to run: a file as target asks for it.

    Snakemake takes a file that exists for up to date where what it is made from is missing.
    """
    return STATE / "planned" / study / stage.group / (stage.item or "done")


def synchronize(
    dag: Dag, stale: set[str], study: str, root: Path = Path(), since: float = math.inf
) -> set[str]:
    """Make the stamps agree with DVC; returns the names of the stages that have to run.

    Args:
        dag: of the study.
        stale: stages that changed themselves.
        study: its name.
        root: of the study.
        since: when reading `stale` began. A stamp that is newer belongs to a job of another run
            that ended meanwhile, and stays.
    """
    planned = dag.downstream(stale)
    # what Snakemake remembers of killed jobs; whether they are done, DVC knows
    shutil.rmtree(root / ".snakemake" / "incomplete", ignore_errors=True)
    for stage in dag.stages.values():
        path, mark = root / stamp(stage, study), root / planned_mark(stage, study)
        if stage.name in planned:
            if path.exists() and path.stat().st_mtime <= since:
                path.unlink(missing_ok=True)
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.touch()
        else:
            mark.unlink(missing_ok=True)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            os.utime(path, (_COMMON_TIME, _COMMON_TIME))
    return planned
