"""Executions as MLflow runs: one parent run per study, one child run per execution.

Nothing here knows files other than training logs; the queue, the locks and the retries are in
`passk.provenance.tracking`. MLflow is imported by `open_experiment`, which only tracking's own
process calls: the import takes as long as a small stage.
"""

import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from passk.core.digests import digest
from passk.provenance.run_record import RunRecord, StartedExecution

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Dataset, Param, Run

T = TypeVar("T")
NAME = "passk"
DEFAULT_STORE = "sqlite:///mlflow.db"
_LONGEST_PARAMETER = 6000  # MLflow's limit
_CODE = "src/passk/"


def tracking_uri() -> str:
    """`MLFLOW_TRACKING_URI`, or a database in the project's root."""
    return os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_STORE


def open_experiment(root: Path) -> "Experiment":
    """Connect to the tracking store, making database and experiment where they are missing.

    Raises:
        Exception: whatever MLflow or the database raises; tracking retries later.
    """
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    from mlflow import MlflowClient

    uri = tracking_uri()
    if uri == DEFAULT_STORE:
        uri = f"sqlite:///{(root / 'mlflow.db').resolve()}"
    client = MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name(NAME)
    if experiment is not None:
        return Experiment(client, experiment.experiment_id)
    local = uri.startswith("sqlite:")
    artifacts = (root / "mlartifacts").resolve().as_uri() if local else None
    kind = {"mlflow.experimentKind": "custom_model_development"}  # the page opens on runs
    return Experiment(client, client.create_experiment(NAME, artifacts, kind))


@dataclass
class Experiment:
    """The runs of this project in one tracking store."""

    client: "MlflowClient"
    id: str
    parents: dict[str, str] = field(default_factory=dict)

    def find(self, **tags: str) -> "Run | None":
        """The run that carries all of these tags, or None."""
        wanted = " and ".join(f"tags.`passk.{key}` = '{value}'" for key, value in tags.items())
        runs = self.client.search_runs([self.id], wanted, max_results=1)
        return runs[0] if runs else None

    def parent(self, start: StartedExecution) -> str:
        """Identity of the parent run of a study, made at first use; later runs reuse it."""
        study = start.study
        if study not in self.parents:
            run = self.find(study=study, kind="study") or self.client.create_run(
                self.id,
                milliseconds(start.started),
                {"passk.study": study, "passk.kind": "study"},
                run_name=study,
            )
            self.parents[study] = run.info.run_id
        return self.parents[study]

    def child(self, start: StartedExecution) -> tuple[str, bool]:
        """Identity of an execution's run, made if missing, and whether it is finished."""
        run = self.find(execution=start.id)
        if run is not None:
            return run.info.run_id, run.info.status != "RUNNING"
        group, _, item = start.stage.partition("@")
        tags = {
            "mlflow.parentRunId": self.parent(start),
            "mlflow.source.name": start.cmd,
            "mlflow.source.type": "LOCAL",
            "passk.study": start.study,
            "passk.kind": "execution",
            "passk.stage": start.stage,
            "passk.group": group,
            "passk.item": item,
            "passk.execution": start.id,
        }
        started = milliseconds(start.started)
        run = self.client.create_run(self.id, started, tags, run_name=start.stage)
        for pairs in _batches(flatten(start.params), 100):
            self.client.log_batch(run.info.run_id, params=list(_parameters(pairs)))
        return run.info.run_id, False

    def add(self, record: RunRecord) -> bool:
        """Track a finished or failed execution; False if it was tracked before."""
        from mlflow.entities import Metric, RunTag

        run, finished = self.child(record.start)
        if finished:
            return False
        execution = record.execution
        ended = milliseconds(execution.ended)
        metrics = {k: v for k, v in record.metrics.items() if v is not None}
        metrics["seconds"] = execution.seconds
        metrics["peak_memory_mb"] = execution.peak_memory_bytes / 1e6
        tags = {
            "mlflow.source.git.commit": execution.commit or "",
            "passk.dirty": ", ".join(execution.dirty or ())[:4000],
            "passk.environment": execution.environment,
            "passk.host": execution.host,
            "passk.device": execution.device,
            "passk.record": record.file,
            "passk.error": record.error,
        }
        self.client.log_batch(
            run,
            metrics=[Metric(key, float(value), ended, 0) for key, value in metrics.items()],
            tags=[RunTag(key, value) for key, value in tags.items() if value],
        )
        self._datasets(run, record)
        failed = execution.exit_status != 0
        self.client.set_terminated(run, "FAILED" if failed else "FINISHED", ended)
        self.client.set_terminated(self.parent(record.start), "FINISHED", ended)
        return True

    def steps(self, run: str, rows: Sequence[Mapping[str, Any]], when: int) -> None:
        """Log rows of a training log: every finite number, at its step, as `training/NAME`."""
        from mlflow.entities import Metric

        metrics = [
            Metric(f"training/{key}", float(value), when, int(row["step"]))
            for row in rows
            for key, value in row.items()
            if key != "step" and isinstance(value, int | float) and math.isfinite(value)
        ]
        for part in _batches(metrics, 1000):
            self.client.log_batch(run, metrics=part)

    def abandon(self, run: str) -> None:
        """Close the run of a process that was killed."""
        self.client.set_terminated(run, "KILLED")

    def _datasets(self, run: str, record: RunRecord) -> None:
        """Inputs and outputs with their digests; the code as one data set."""
        from mlflow.entities import DatasetInput, InputTag

        for context, files in (("input", _inputs(record.deps)), ("output", record.outs)):
            tags = [InputTag("mlflow.data.context", context)]
            inputs = [DatasetInput(_dataset(path, md5), tags) for path, md5 in files.items()]
            if inputs:
                self.client.log_inputs(run, inputs)


def flatten(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Parameters as pairs of dotted key and text; the parameter file's name is left out.

    Example:
        >>> list(flatten({"params.yaml": {"draws.base": {"n": 4, "sets": ["a"]}}}))
        [('draws.base.n', '4'), ('draws.base.sets', '["a"]')]
    """
    for key, value in values.items():
        name = f"{prefix}.{key}" if prefix else ("" if str(key).endswith(".yaml") else str(key))
        if isinstance(value, Mapping) and value:
            yield from flatten(value, name)
        else:
            yield name, value if isinstance(value, str) else json.dumps(value, default=str)


def milliseconds(time: str) -> int:
    """Milliseconds since 1970 of an ISO time."""
    return int(datetime.fromisoformat(time).timestamp() * 1000)


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of at most `size` items."""
    rest = list(items)
    yield from (rest[i : i + size] for i in range(0, len(rest), size))


def _parameters(pairs: Sequence[tuple[str, str]]) -> Iterator["Param"]:
    from mlflow.entities import Param

    for key, value in pairs:
        yield Param(key[:250], value[:_LONGEST_PARAMETER])


def _inputs(deps: Mapping[str, str]) -> dict[str, str]:
    """Data that went in, and all code files as one entry."""
    code = [(path, md5) for path, md5 in sorted(deps.items()) if path.startswith(_CODE)]
    data = {path: md5 for path, md5 in sorted(deps.items()) if not path.startswith(_CODE)}
    return {**data, _CODE: digest(*code)[:32]} if code else data


def _dataset(path: str, md5: str) -> "Dataset":
    """A data set known by name and digest alone; `md5.dir` just fits MLflow's 36 characters."""
    from mlflow.entities import Dataset

    return Dataset(path, md5, "local", json.dumps({"uri": path}), None, None)
