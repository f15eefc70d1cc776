"""`passk status`: what will run, why, and how long it takes by past records."""

import os
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from passk.config.composition import check_composed
from passk.config.schema import Study
from passk.config.unready import list_unready
from passk.pipeline.dag import cached
from passk.pipeline.identity.current import write_components
from passk.pipeline.status import StageStatus, estimate_seconds, makespan, read_status
from passk.provenance.ledger import read_ledger, update_ledger
from passk.provenance.mlflow_exporter import is_alive, running


def main(
    every: Annotated[
        bool, typer.Option("--all", help="Name the stages that only follow others, too.")
    ] = False,
    cores: Annotated[
        int, typer.Option(min=1, help="Cores for which the time is estimated.")
    ] = os.cpu_count() or 1,
    names: Annotated[
        bool, typer.Option("--names", help="Print the names of the stages alone, for scripts.")
    ] = False,
) -> None:
    """What `dvc repro` and `snakemake` will run, why, and for about how long.

    Brings components.json up to date first, so that an edit of the code is seen.

    Example: passk status --cores 2
    """
    identity = write_components()
    dag = cached()
    planned = read_status(dag, identity)
    if names:
        typer.echo("\n".join(status.name for status in planned))
        return
    console = Console(highlight=False, soft_wrap=False)
    if edited := check_composed(Path()).note:
        console.print(edited)
    for line in list_unready(Study.model_validate(identity.parameters)):
        console.print(f"not ready: {line}", soft_wrap=True)
    for note in filter(is_alive, running(Path())):
        console.print(f"runs since {note.started}: {note.stage}")
    if not planned:
        console.print(f"{identity.parameters['study']}: every stage is up to date")
        return
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 1, 0))
    table.add_column(ratio=1)
    table.add_column(ratio=2)
    alike: dict[tuple[str, ...], list[str]] = {}
    for status in planned:
        if status.reasons or every:
            alike.setdefault(status.reasons, []).append(status.name)
    for reasons, stages in alike.items():
        table.add_row(_join(stages), "\n".join(reasons) or "follows others")
    console.print(table)
    followers = Counter(_group(status) for status in planned if not status.reasons)
    if followers and not every:
        listed = ", ".join(f"{group} {number}" for group, number in followers.items())
        console.print(f"and what follows: {listed}")
    update_ledger()
    past = {record.stage: record.execution.seconds for record in read_ledger().records.values()}
    seconds = estimate_seconds(dag, [status.name for status in planned], past.get)
    longest = makespan(dag, seconds, cores)
    console.print(
        f"{len(planned)} of {len(dag.stages)} stages will run, about {_duration(longest)} on "
        f"{cores} core{'s' if cores > 1 else ''} (what DVC's cache holds is restored in no time)"
    )


def _group(status: StageStatus) -> str:
    return status.name.partition("@")[0]


def _join(stages: list[str]) -> str:
    r"""Names of stages, those of one group behind its name.

    Example:
        >>> _join(["train@grpo", "train@ppo", "report"])
        'train@grpo, ppo\\nreport'
    """
    groups: dict[str, list[str]] = {}
    for name in stages:
        group, _, item = name.partition("@")
        groups.setdefault(group, []).append(item)
    return "\n".join(f"{g}@{', '.join(items)}" if items[0] else g for g, items in groups.items())


def _duration(seconds: float) -> str:
    """Seconds in words.

    Example:
        >>> _duration(59), _duration(95), _duration(7300)
        ('59 s', '2 min', '2.0 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
