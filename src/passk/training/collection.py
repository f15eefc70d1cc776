"""The rollouts of a step: asked, drawn, judged, and asked again where groups carry no signal.

Dynamic sampling (DAPO) works in rounds: a group whose responses are all correct or all wrong is
dropped, and another problem is asked in the next round, until the step has its prompts or the
rounds are used up. Which problems a round asks and what its random numbers are is a function of
seed, step and round alone, so that a resumed run collects the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedModel

from passk.sampling.rollouts import Rollout, RolloutRequest, RolloutSampler
from passk.training.batches import find_signal, summarise
from passk.training.curricula.registry import CURRICULA
from passk.training.log_rows import RolloutSummary
from passk.training.problem_schedule import choose_further_problems, choose_problems
from passk.training.reward import Reward, Rewards
from passk.training.seconds import Stopwatch
from passk.training.settings import Training
from passk.training.tasks import Task

Groups = list[list[Rollout]]


@dataclass(frozen=True)
class Collected:
    """What a step trains on, and what the log says about all that it drew.

    Attributes:
        tasks: one per group; none where no group carried a signal.
        groups: the rollouts of each task.
        rewards: shape (tasks, rollouts).
        greedy: reward of each task's greedy response, shape (tasks,), or None.
        summary: for the log.
    """

    tasks: list[Task]
    groups: Groups
    rewards: Tensor
    greedy: Tensor | None
    summary: RolloutSummary


@dataclass(frozen=True)
class Collector:
    """Collects the rollouts of a step.

    Attributes:
        tasks: all problems.
        settings: the arm's parameters.
        draw: draws rollouts.
        reward: judges responses.
        identity: what the choice of problems derives from: study seed and arm's seed.
        watch: counts the seconds of sampling and judging.
    """

    tasks: Sequence[Task]
    settings: Training
    draw: RolloutSampler
    reward: Reward
    identity: tuple[int | str, ...]
    watch: Stopwatch

    def __call__(self, model: PreTrainedModel, step: int) -> Collected:
        """The rollouts of a step, by a model in evaluation mode, without gradients."""
        rounds = self.settings.algorithm.dynamic_rounds()
        drawn, kept = _JudgedGroups(), _JudgedGroups()
        earlier: list[int] = []
        for number in range(1, (rounds or 1) + 1):
            chosen = self._choose(step, number, earlier, self.settings.prompts - len(kept.tasks))
            earlier += chosen
            tasks = [self.tasks[i] for i in chosen]
            with self.watch("sampling"):
                stream = "rollout" if number == 1 else f"rollout-{number}"
                groups = self.draw(model, RolloutRequest(tasks, step, stream))
            rewards = self._judge(tasks, groups)
            with_signal = find_signal(_arrange(rewards.correct or rewards.values, groups)).tolist()
            drawn.add(tasks, groups, rewards)
            kept.add(tasks, groups, rewards, None if rounds is None else with_signal)
            if len(kept.tasks) == self.settings.prompts:
                break
        greedy: Groups = []
        greedy_rewards = None
        if self.settings.algorithm.needs_greedy:
            with self.watch("sampling"):
                request = RolloutRequest(kept.tasks, step, "greedy", greedy=True)
                greedy = self.draw(model, request)
            greedy_rewards = self._judge(kept.tasks, greedy)
        summary = summarise(
            torch.tensor(drawn.rewards),
            [rollout for group in drawn.groups for rollout in group],
            unknown=drawn.unknown + (greedy_rewards.unknown if greedy_rewards else 0),
            besides=[rollout for group in greedy for rollout in group],
            rounds=number,
        )
        baseline = torch.tensor(greedy_rewards.values) if greedy_rewards else None
        return Collected(kept.tasks, kept.groups, torch.tensor(kept.rewards), baseline, summary)

    def _choose(self, step: int, number: int, earlier: Sequence[int], count: int) -> list[int]:
        """Positions of the problems that a round asks."""
        levels = [task.level for task in self.tasks]
        pool = CURRICULA[self.settings.curriculum](levels, step, self.settings.steps)
        if number == 1:
            positions = choose_problems(len(pool), count, step, *self.identity)
        else:
            before = {position for position, i in enumerate(pool) if i in set(earlier)}
            positions = choose_further_problems(
                len(pool), count, before, step, number, *self.identity
            )
        return [pool[position] for position in positions]

    def _judge(self, tasks: Sequence[Task], groups: Groups) -> Rewards:
        """Rewards of all rollouts, group after group."""
        owners = [task for task, group in zip(tasks, groups, strict=True) for _ in group]
        flat = [rollout for group in groups for rollout in group]
        with self.watch("judging"):
            return self.reward(owners, [r.text for r in flat], [r.truncated for r in flat])


class _JudgedGroups:
    """Groups and their rewards, as rounds add to them."""

    def __init__(self) -> None:
        self.tasks: list[Task] = []
        self.groups: Groups = []
        self.rewards: list[list[float]] = []
        self.unknown = 0

    def add(
        self,
        tasks: Sequence[Task],
        groups: Groups,
        judged: Rewards,
        which: Sequence[bool] | None = None,
    ) -> None:
        """Add those groups of a round that are marked, or all."""
        self.unknown += judged.unknown
        rows = _arrange(judged.values, groups).tolist()
        for i, (task, group, row) in enumerate(zip(tasks, groups, rows, strict=True)):
            if which is None or which[i]:
                self.tasks.append(task)
                self.groups.append(group)
                self.rewards.append(row)


def _arrange(values: Sequence[float], groups: Groups) -> Tensor:
    """Values of all rollouts, shape (groups, rollouts)."""
    return torch.tensor(values).view(len(groups), -1)
