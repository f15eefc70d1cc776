"""The thin runner around every stage: `python -m passk.pipeline.run GROUP [ITEM]`.

It checks all parameters before any work (once for each state of them: building the schemas of all
sections takes longer than a small stage), hands the stage only the parameters that `dvc.yaml`
declares for it, and records the execution. It is no dependency of any stage, so that a change to
records or tracking retrains nothing.
"""

import importlib
import os
import signal
import sys
import sysconfig
from pathlib import Path
from types import FrameType
from typing import NoReturn

import passk
from passk.config.paths import PARAMS, STATE
from passk.core import processor
from passk.core.digests import digest, file_digest
from passk.core.files import TEMPORARY
from passk.core.yaml_files import read, select
from passk.pipeline.closure import stage_module
from passk.pipeline.dag import Stage, cached
from passk.provenance import records, tracking

ENVIRONMENT = {
    "TOKENIZERS_PARALLELISM": "false",
    "GX_ANALYTICS_ENABLED": "false",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}

# Folders of the package that hold what the check of all parameters depends on.
CHECKED = (
    "config",
    "core",
    "domains",
    "data",
    "models",
    "sampling",
    "training",
    "analysis",
    "report",
)


def _terminated(number: int, frame: FrameType | None) -> NoReturn:
    """Turn a polite kill into an exit that closes files and reports the stage as failed."""
    sys.exit(128 + number)


def check() -> None:
    """Refuse illegal parameters, unless this state of parameters and code was found legal before.

    Raises:
        ParameterError: every fault by key, value and what is legal.
    """
    package = Path(passk.__file__).parent
    code = sorted(
        (path.relative_to(package).as_posix(), path.stat().st_mtime_ns, path.stat().st_size)
        for folder in CHECKED
        for path in (package / folder).rglob("*.*")
        if path.suffix in (".py", ".yaml")
    )
    # Other packages add legal names; installing or removing one touches this folder.
    installed = Path(sysconfig.get_path("purelib")).stat().st_mtime_ns
    marker = STATE / "checked" / digest(file_digest(PARAMS), str(package), code, installed)
    if not marker.exists():
        from passk.config.study import load_study

        load_study(PARAMS)
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.touch()


def execute(stage: Stage) -> None:
    """Run one stage and record the execution."""
    check()
    values = read(PARAMS)
    keys = stage.params.get(PARAMS.as_posix(), ())
    chosen = {PARAMS.as_posix(): select(values, keys)}
    execution = records.open_execution(stage, chosen)
    tracking.ensure_drainer()  # shows a training log while it grows
    from passk.pipeline.stages.job import Job  # imports pydantic, which a wrong name does not need

    job = Job(stage.group, stage.item, chosen[PARAMS.as_posix()], execution.inputs)
    try:
        metrics = importlib.import_module(stage_module(stage.group)).run(job)
        execution.finish(metrics or {})
    except BaseException as error:
        execution.fail(error)
        raise


def main(arguments: list[str]) -> int:
    """Run the stage named on the command line; the exit code for the shell."""
    processor.pin()
    os.environ.update(ENVIRONMENT)
    os.environ[TEMPORARY] = str((STATE / "tmp").resolve())
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
    except (StageError, ValueError) as error:  # faults of parameters and tables are ValueErrors
        print(f"passk: {name}: {error}", file=sys.stderr)
        return 1
    finally:
        tracking.ensure_drainer()
    return 0


if __name__ == "__main__":
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    sys.exit(main(sys.argv[1:]))
