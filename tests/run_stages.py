"""Run every stage of the study at hand in this one process, in order; prints the outputs' digests.

Start-up is paid once, which counts where the processor is emulated. `python tests/run_stages.py`
in the root of a study; passk must be importable.
"""

import json
import sys
from pathlib import Path

from passk.core import processor
from passk.pipeline import run
from passk.pipeline.dag import Dag, cached
from passk.pipeline.identity.current import write_components
from passk.provenance.lock import path_digest


def ordered(dag: Dag) -> list[str]:
    """Names of all stages, parents before children."""
    done: list[str] = []
    while waiting := [n for n, s in dag.stages.items() if n not in done]:
        done += [name for name in waiting if set(dag.stages[name].parents) <= set(done)]
    return done


if __name__ == "__main__":
    processor.pin()  # before anything imports numpy
    write_components()
    study = cached()
    for name in ordered(study):
        print(name, file=sys.stderr, flush=True)
        if code := run.main(name.split("@")):
            sys.exit(code)
    outputs = sorted(out for stage in study.stages.values() for out in stage.outs)
    print(json.dumps({out: path_digest(Path(out)) for out in outputs}, indent=1))
