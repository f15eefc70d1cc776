"""The thin runner around every stage: `python -m passk.pipeline.run GROUP [ITEM]`.

It checks all parameters before any work (once for each state of them: building the schemas of all
sections takes longer than a small stage), hands the stage only the parameters that `dvc.yaml`
declares for it, with defaults filled in, and records the execution. It refuses a stage whose code
is not what `components.json` says, and one whose parameters or code changed while it ran: DVC reads
both after the command, and would lock the new ones beside outputs of the old. It is no dependency
of any stage, so that a change to records or tracking retrains nothing.
"""

import importlib
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

from passk.config import paths
from passk.core import processor, stop_signal
from passk.core.files import TEMPORARY, remove_folder, write_text
from passk.pipeline.dag import Stage, cached
from passk.pipeline.identity.components import stage_module
from passk.pipeline.identity.guard import Guard
from passk.pipeline.stamps import FINISHED
from passk.provenance import records, tracking
from passk.provenance.run_record import read_record

ENVIRONMENT = {
    "TOKENIZERS_PARALLELISM": "false",
    "GX_ANALYTICS_ENABLED": "false",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}


def _terminated(number: int, frame: FrameType | None) -> NoReturn:
    """Turn a polite kill into an exit that closes files and reports the stage as failed."""
    sys.exit(128 + number)


def execute(stage: Stage) -> None:
    """Run one stage and record the execution.

    Raises:
        IdentityError: code or parameters are not what was meant to run, or changed meanwhile.
    """
    guard = Guard.of(stage)
    execution = records.open_execution(stage, guard.stated)
    tracking.ensure_drainer()  # shows a training log while it grows
    from passk.pipeline.stages.job import Job  # imports pydantic, which a wrong name does not need

    job = Job(stage.group, stage.item, guard.resolved, execution.inputs)
    try:
        metrics = importlib.import_module(stage_module(stage.group)).run(job)
        guard.confirm()
        record = execution.finish(metrics or {})
    except BaseException as error:
        execution.fail(error)
        raise
    if FINISHED in os.environ:
        write_text(Path(os.environ[FINISHED]), read_record(record).entry)
    remove_folder(paths.RESUME / job.inputs)  # in one piece: half a resume point must not stay


def main(arguments: list[str]) -> int:
    """Run the stage named on the command line; the exit code for the shell."""
    stop_signal.hold_back()
    processor.pin()
    os.environ.update(ENVIRONMENT)
    os.environ[TEMPORARY] = str((paths.STATE / "tmp").resolve())
    if not sys.stderr.isatty():  # a progress bar in a log: a line now and then
        os.environ.setdefault("TQDM_MININTERVAL", "10")
    signal.signal(signal.SIGTERM, _terminated)
    name = "@".join(arguments)
    stages = cached().stages
    if name not in stages:
        print(f"passk: no stage {name!r} in dvc.yaml; `dvc stage list` names them", file=sys.stderr)
        return 2
    from passk.pipeline.stages.job import StageError

    try:
        execute(stages[name])
    except (StageError, ValueError, SyntaxError) as error:  # faults of parameters, tables, code
        print(f"passk: {name}: {error}", file=sys.stderr)
        return 1
    except stop_signal.Stopped as stop:
        print(f"passk: {name}: {stop}", file=sys.stderr)
        return stop_signal.STOPPED
    finally:
        tracking.ensure_drainer()
    return 0


if __name__ == "__main__":
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    sys.exit(main(sys.argv[1:]))
