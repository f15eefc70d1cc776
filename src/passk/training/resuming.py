"""What every trainer here does around transformers' own: resume points, and nothing told outside.

A trainer that is asked to stop writes a resume point after the step at hand, and stops there.

Mixed in before a trainer of TRL.
"""

from pathlib import Path
from typing import Any, Protocol

import torch
from accelerate.utils import broadcast_object_list
from transformers import PreTrainedModel, Trainer

from passk.core import stop_signal
from passk.models import loading
from passk.training.checkpoints import COMPLETE


class ResumeError(ValueError):
    """A resume point is not of this model; the message names the folder."""


class _LoadResult(Protocol):
    missing_keys: list[str]
    unexpected_keys: list[str]


class Resuming(Trainer):
    """Resume points that a kill cannot leave half written, and no model card, no telemetry."""

    model: PreTrainedModel

    @property
    def updates_per_step(self) -> int:
        """Optimizer updates after which a resume point may stand."""
        return 1

    def _save_checkpoint(self, model: torch.nn.Module, trial: Any) -> None:  # noqa: ANN401
        # Past TRL's own, which adds a model card; marked complete last, against kills.
        Trainer._save_checkpoint(self, model, trial)
        self.accelerator.wait_for_everyone()  # each process writes its random state
        if self.args.should_save:
            folder = Path(str(self.args.output_dir)) / f"checkpoint-{self.state.global_step}"
            (folder / COMPLETE).touch()

    def _maybe_log_save_evaluate(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401
        done, last = self.state.global_step, self.state.max_steps
        stops = done % self.updates_per_step == 0 and done < last and self._is_asked_to_stop()
        self.control.should_save |= stops
        super()._maybe_log_save_evaluate(*arguments, **options)  # logs first, then saves
        if stops:
            raise stop_signal.stopped(f"the resume point after update {done} of {last}")

    def _is_asked_to_stop(self) -> bool:
        """Whether the first process was asked; all processes get the same answer."""
        asked = [stop_signal.is_asked()]
        if self.accelerator.num_processes > 1:
            broadcast_object_list(asked)
        return asked[0]

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:  # noqa: ANN401
        point = Path(resume_from_checkpoint)
        if not isinstance(self.model, PreTrainedModel) or not loading.takes_images(point):
            super()._load_from_checkpoint(resume_from_checkpoint, model)
            return
        # Saved under the names that the hub has for them, which transformers' trainer does not
        # translate back; loading the folder does.
        saved = loading.load(point, self.model.dtype)
        self._issue_warnings_after_load(self.model.load_state_dict(saved.state_dict(), False))

    def _issue_warnings_after_load(self, load_result: _LoadResult) -> None:
        # Tied weights are stored once, so their second name is missing by design.
        lost = set(load_result.missing_keys) - set(self.model.all_tied_weights_keys)
        if lost or load_result.unexpected_keys:
            raise ResumeError(
                f"{self.args.output_dir}: the resume point lacks {sorted(lost)} or has "
                f"{load_result.unexpected_keys}; delete the folder and run the stage again"
            )

    def floating_point_ops(self, inputs: object) -> int:
        """Not counted."""
        return 0

    def _send_telemetry(self) -> None:
        """None: a study tells nobody that it runs."""
