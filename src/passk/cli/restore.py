"""`passk restore`: the block store, filled from the samples tables that are there."""

from pathlib import Path
from typing import Annotated

import typer

from passk.config import paths
from passk.config.study import validate
from passk.core.yaml_files import read
from passk.pipeline.stages.job import Job
from passk.pipeline.stages.sample import refill_draw
from passk.sampling.blocks import BlockStore
from passk.sampling.engines.registry import ENGINES


def main(
    params: Annotated[Path, typer.Option(help="Parameter file.")] = paths.PARAMS,
) -> None:
    """Fill the block store from existing samples, e.g. after a clone and `dvc pull`.

    Only samples that the parameters still ask for are kept; raising n then draws new ones alone.
    DVC removes a stage's output before it runs the stage, so run this before `dvc repro`.

    Example: passk restore
    """
    values = read(params)
    study = validate(values, str(params))
    store = BlockStore(paths.BLOCKS)
    for name, draw in study.draws.items():
        if ENGINES[draw.engine].blocks is None or not paths.samples(study.study, name).exists():
            continue
        written = refill_draw(Job("sample", name, values, ""), store)
        typer.echo(f"{name}: {written} block(s) put back")
