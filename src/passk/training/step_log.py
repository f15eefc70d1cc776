"""The log row of a step: what its rollouts say, and the means over its updates."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any


class StepLog:
    """Gathers the updates of a step and hands over its row after the last.

    Args:
        updates: optimizer updates from one rollout batch.
        on_step: called with a step's number, from 1, and its row.

    Attributes:
        facts: what the rollouts of the step at hand say.
    """

    def __init__(self, updates: int, on_step: Callable[[int, dict[str, Any]], None]) -> None:
        self.updates = updates
        self.on_step = on_step
        self.facts: dict[str, Any] = {}
        self._rows: list[dict[str, float]] = []

    def add(self, update: int, logs: Mapping[str, float], measured: Mapping[str, float]) -> None:
        """Add an update.

        Args:
            update: its number, from 1, over all steps.
            logs: `loss`, `grad_norm` and `learning_rate`.
            measured: TRL's own measures of it, by TRL's names.
        """
        self._rows.append(
            {
                "loss": logs["loss"],
                "grad_norm": logs["grad_norm"],
                "learning_rate": logs["learning_rate"],
                "clip_fraction": measured.get("clip_ratio/region_mean", 0.0),
                **({"kl": measured["kl"]} if "kl" in measured else {}),
            }
        )
        if len(self._rows) == self.updates:
            step = update // self.updates
            self.on_step(step, {"step": step, **self.facts, **_means(self._rows)})
            self._rows = []


def _means(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Mean over a step's updates."""
    columns: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        for name, value in row.items():
            columns[name].append(value)
    return {name: sum(values) / len(values) for name, values in columns.items()}
