"""One stage by DVC: `python -m passk.pipeline.reproduce STAGE`, the job of a Snakemake rule.

The same as `dvc --wait-for-lock repro --single-item STAGE`, but for five things. DVC parses and
prints all of dvc.lock to read and write one entry, while it holds its lock; here the entry alone is
read and put in its place, which gives the same file (tested). DVC looks for its lock twice a
second; this, fifty times. Where another run works on the same files, DVC gives up; this waits,
and then finds the work done. And DVC reads parameters and inputs after the command
(treeverse/dvc#11058); what it read is compared with what ran before it is locked or cached. And
jobs of several hosts know which of them live (`passk.pipeline.holders`).

A job of Slurm that was stopped as asked starts over; one that was killed says what to raise.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from passk.config.paths import STATE
from passk.core import stop_signal
from passk.core.files import write_text
from passk.pipeline import cluster
from passk.pipeline import lock_entries as locktext
from passk.pipeline.dag import parameters_read_once
from passk.pipeline.holders import known_to_all_hosts
from passk.pipeline.retry import patiently
from passk.pipeline.stamps import FINISHED
from passk.provenance.lock import lock_digest

if TYPE_CHECKING:
    from dvc.dvcfile import Lockfile
    from dvc.lock import LockBase
    from dvc.stage import PipelineStage
    from dvc.stage.cache import StageCache

_PAUSE = 0.02  # seconds between tries for DVC's lock


def reproduce(stage: str) -> None:
    """Bring one stage up to date."""
    from dvc.repo import Repo

    with (
        known_to_all_hosts(),
        _one_entry(stage),
        _confirmed(stage),
        parameters_read_once(),
        Repo(_wait_for_lock=True) as repo,
    ):
        _impatient(repo.lock)
        repo.reproduce(stage, single_item=True)


@contextmanager
def _one_entry(stage: str) -> Iterator[None]:
    """DVC reads and writes one stage's entry of dvc.lock, and leaves the others as they are."""
    from dvc.dvcfile import Lockfile
    from dvc.stage.serialize import to_lockfile
    from dvc.utils.serialize import dumps_yaml
    from dvc.utils.serialize._yaml import parse_yaml

    whole_load, whole_dump = Lockfile._load_yaml, Lockfile.dump_stages

    def load(self: "Lockfile", **kwargs: Any) -> tuple[Any, str]:  # noqa: ANN401
        text = None if kwargs else locktext.cut(_read(Path(self.path)), stage)
        if text is None:
            return whole_load(self, **kwargs)
        return self.validate(parse_yaml(text, self.path), self.relpath), text

    def dump(self: "Lockfile", stages: list[Any], **kwargs: Any) -> None:  # noqa: ANN401
        path = Path(self.path)
        old = _read(path)
        (single,) = stages  # a single item
        entry = dumps_yaml({"stages": to_lockfile(single, **kwargs)}).removeprefix("stages:\n")
        new = locktext.put(old, entry)
        if new is None:
            whole_dump(self, stages, **kwargs)
        elif new != old:
            # Whole or not at all: DVC itself would leave half a lock where it is killed.
            write_text(path, new)
            self.repo.scm_context.track_file(self.relpath)

    Lockfile._load_yaml, Lockfile.dump_stages = load, dump
    try:
        yield
    finally:
        Lockfile._load_yaml, Lockfile.dump_stages = whole_load, whole_dump


@contextmanager
def _confirmed(name: str) -> Iterator[None]:
    """DVC keeps the outputs of an execution only with the parameters and inputs that it had."""
    from dvc.exceptions import DvcException
    from dvc.stage.cache import StageCache
    from dvc.stage.serialize import to_single_stage_lockfile

    mark = STATE / "finished" / f"{name}-{os.getpid()}"
    os.environ[FINISHED] = str(mark.resolve())  # the runner of this job, and no other, writes there
    whole_save = StageCache.save

    def save(self: "StageCache", stage: "PipelineStage") -> None:
        ran = _read(mark)
        if ran and lock_digest(to_single_stage_lockfile(stage)) != ran:
            raise DvcException(
                f"{name}: its parameters, inputs or code changed as it ended; its outputs belong "
                "to what was there before, so they are not kept; run again"
            )
        whole_save(self, stage)

    StageCache.save = save
    try:
        yield
    finally:
        StageCache.save = whole_save
        mark.unlink(missing_ok=True)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _impatient(lock: "LockBase") -> None:
    """Let a lock of DVC's usual kind be asked for more often; hard-link locks stay as they are."""
    from dvc.lock import Lock, LockError

    if not isinstance(lock, Lock):
        return

    def wait() -> None:
        while True:
            try:
                return lock._do_lock()
            except LockError:
                time.sleep(_PAUSE)

    lock.lock = wait


def main(stage: str) -> int:
    """Bring one stage up to date; 0, or 1 with a message."""
    from dvc.exceptions import DvcException

    stop_signal.hold_back()
    try:
        patiently(lambda: reproduce(stage))
    except DvcException as error:
        status = cluster.exit_status(str(error.__cause__))
        if status == stop_signal.STOPPED:
            cluster.start_over()
            return stop_signal.STOPPED
        cause = f": {error.__cause__}" if error.__cause__ else ""
        print(f"dvc: {error}{cause}", file=sys.stderr)
        if reason := cluster.explain_kill(stage, status):
            print(reason, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
