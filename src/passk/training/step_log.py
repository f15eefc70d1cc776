"""The log row of a step: what its rollouts say, and the means over its updates."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from passk.training.log_rows import RolloutSummary, StepRow, UpdateMeans


class StepLog:
    """Gathers the updates of a step and hands over its row after the last.

    Args:
        updates: optimizer updates from one rollout batch.
        on_step: called with a step's row.

    Attributes:
        summary: what the rollouts of the step at hand say; set before its first update.
    """

    summary: RolloutSummary

    def __init__(self, updates: int, on_step: Callable[[StepRow], None]) -> None:
        self.updates = updates
        self.on_step = on_step
        self._rows: list[UpdateMeans] = []

    def add(self, update: int, logs: Mapping[str, float], measured: Mapping[str, float]) -> None:
        """Add an update.

        Args:
            update: its number, from 1, over all steps.
            logs: `loss`, `grad_norm` and `learning_rate`.
            measured: TRL's own measures of it, by TRL's names.
        """
        row = UpdateMeans(
            loss=logs["loss"],
            grad_norm=logs["grad_norm"],
            learning_rate=logs["learning_rate"],
            clip_fraction=measured.get("clip_ratio/region_mean", 0.0),
        )
        if "kl" in measured:
            row["kl"] = measured["kl"]
        self._rows.append(row)
        if len(self._rows) == self.updates:
            means = _average(self._rows)
            step_row = {"step": update // self.updates, **self.summary, **means}
            self.on_step(cast("StepRow", step_row))
            self._rows = []


def _average(rows: Sequence[UpdateMeans]) -> UpdateMeans:
    """Mean over a step's updates."""
    columns: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        for name, value in row.items():
            columns[name].append(cast("float", value))
    return cast("UpdateMeans", {name: sum(v) / len(v) for name, v in columns.items()})
