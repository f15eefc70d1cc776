"""`passk audit`: does everything still fit together?"""

import typer
from polars.exceptions import PolarsError

from passk.config import paths
from passk.core.yaml_files import ParameterError, read
from passk.pipeline.dag import cached
from passk.provenance import audit
from passk.provenance.lock import read_lock


def main() -> None:
    """Check the study of params.yaml: files, lock, records, random streams, counts.

    Exit code 1 if anything differs; each line says what and how to mend it.

    Example: passk audit
    """
    try:
        params = read(paths.PARAMS)
        stages = sorted(cached().stages)
        entries = read_lock()
    except (ParameterError, ValueError) as error:
        typer.echo(f"passk: {error}", err=True)
        raise typer.Exit(1) from None
    study, draws = str(params["study"]), list(params["draws"])
    checks = {
        f"outputs of {len(stages)} stages are those of dvc.lock": audit.files(stages, entries),
        "each stage read what the others have locked": audit.chain(stages, entries),
        "each stage has its run record": audit.recorded(stages, entries),
        "no two samples share a random stream": audit.streams(study, draws),
        "counts follow from verdicts": audit.counted(study, draws),
    }
    failed = False
    for name, check in checks.items():
        try:
            faults = list(check)
        except (PolarsError, ValueError) as error:
            faults = [f"cannot be checked: {error}"]
        failed = failed or bool(faults)
        typer.echo(f"{'FAILED' if faults else 'ok':<7}{name}")
        for fault in faults:
            typer.echo(f"       {fault}")
    if failed:
        raise typer.Exit(1)
