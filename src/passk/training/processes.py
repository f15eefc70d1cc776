"""An arm in several processes, one per GPU (gloo on processors): who does what.

1. Each process draws the rollouts of its share of a step's problems, and judges its share of the
   responses; both are then gathered, so that every process knows the whole step. Advantages, and
   all random choices, are computed from the whole by each process alike.
2. Each process passes its share of the rows of every micro-batch. The loss is normalised over the
   rows, or tokens, of all, and gradients are averaged (DistributedDataParallel).
3. The first process writes log and checkpoints.

Differences from one process: float rounding; with engine `generate` other random numbers.
"""

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from accelerate.utils import gather_object
from transformers import PreTrainedModel

from passk.core import stop_signal
from passk.sampling.rollouts import Rollout, RolloutRequest, RolloutSampler
from passk.training.reward import Reward, Rewards
from passk.training.tasks import Task


class ProcessError(ValueError):
    """The processes of an arm did not start or did not end well."""


class ProcessGroup:
    """The processes of an arm, as one of them sees it.

    Attributes:
        count: how many there are.
        rank: which this one is, from 0.
    """

    def __init__(self, processes: int) -> None:
        """Join the group that `launch` started; alone where `processes` is 1."""
        self.count, self.rank = 1, 0
        if processes > 1:
            state = PartialState(cpu=not torch.cuda.is_available())
            self.count, self.rank = state.num_processes, state.process_index
            if self.count != processes:
                raise ProcessError(f"processes = {processes}, but {self.count} were started")

    @property
    def leads(self) -> bool:
        """Whether this process writes."""
        return self.rank == 0

    def share(self, size: int) -> range:
        """Positions of this process's share of `size` things."""
        bounds = [size * i // self.count for i in range(self.count + 1)]
        return range(bounds[self.rank], bounds[self.rank + 1])

    def first(self, action: Callable[[], object]) -> None:
        """Let the first process do something before the others go on."""
        if self.leads:
            action()
        if self.count > 1:
            PartialState().wait_for_everyone()

    def draw(self, sampler: RolloutSampler) -> RolloutSampler:
        """Rollouts of all tasks, each process drawing its share."""
        if self.count == 1:
            return sampler

        def draw_share(model: PreTrainedModel, request: RolloutRequest) -> list[list[Rollout]]:
            span = self.share(len(request.tasks))
            return self._gather(sampler(model, request.take(span)) if span else [])

        return draw_share

    def reward(self, reward: Reward) -> Reward:
        """Rewards of all responses, each process judging its share."""
        if self.count == 1:
            return reward

        def judge_share(
            tasks: Sequence[Task], texts: Sequence[str], cut: Sequence[bool]
        ) -> Rewards:
            positions = self.share(len(texts))
            span = slice(positions.start, positions.stop)
            judged = reward(tasks[span], texts[span], cut[span]) if positions else Rewards([], 0)
            correct = None if judged.correct is None else list(judged.correct)
            parts = self._gather([(list(judged.values), judged.unknown, correct)])
            judged_parts = [part for part in parts if part[0]]
            verdicts = [verdict for part in judged_parts for verdict in part[2] or []]
            return Rewards(
                [value for part in judged_parts for value in part[0]],
                sum(part[1] for part in judged_parts),
                verdicts or None,
            )

        return judge_share

    @staticmethod
    def _gather(part: list[Any]) -> list[Any]:
        """The lists of all processes, end to end."""
        gathered: list[Any] = gather_object(part)
        return gathered


def launch(module: str, argument: Path, processes: int) -> None:
    """Run `python -m module argument` in several processes of this machine.

    Raises:
        ProcessError: there are fewer GPUs, or a process failed (its message stands above).
        Stopped: the processes were stopped as asked.
    """
    gpus = torch.cuda.device_count()
    if 0 < gpus < processes:
        raise ProcessError(f"processes = {processes}, but this machine has {gpus} GPU(s)")
    # torchrun, as `accelerate launch` starts for GPUs; for processors that one starts none.
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nnodes", "1",
        "--nproc_per_node", str(processes), "-m", module, str(argument),
    ]  # fmt: skip
    completed = subprocess.run(command, check=False)
    if completed.returncode:
        stop_signal.stop_if_asked("the last resume point")  # they were asked, too
        raise ProcessError(
            f"training in {processes} processes ended with status {completed.returncode}; what the "
            "processes said stands above. Resume points before that are kept"
        )
