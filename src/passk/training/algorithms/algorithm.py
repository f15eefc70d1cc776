"""What an algorithm is: its options, its advantage function, and what it asks of the trainer.

An algorithm is one class in one module here. Its fields are its options in `params.yaml`, its
methods are the hooks that the trainer calls. To add one: write such a class, list it in
`passk.training.algorithms.registry` (or in the entry points `passk.algorithms` of a package of your
own), and name it in `params.yaml`. Clipping, the loss's mean, the KL penalty and the number of
passes over a batch are options of the one trainer, not of an algorithm.

Parameters are checked without torch, so a module of an algorithm imports it inside its functions.

Example:
    >>> import torch
    >>> from typing import ClassVar, Literal
    >>> class PlainReward(Algorithm):
    ...     name: Literal["plain_reward"]
    ...     label: ClassVar[str] = "plain reward"
    ...     def advantages(self, step):
    ...         return step.rewards
    >>> step = StepRewards(torch.tensor([[1.0, 0.0]]), torch.tensor([[4, 4]]), longest=9)
    >>> PlainReward(name="plain_reward").advantages(step)
    tensor([[1., 0.]])
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from passk.core.parameters import ParameterSection

if TYPE_CHECKING:
    from torch import Tensor

Fraction = Annotated[float, Field(ge=0, le=1)]  # a discount; 1 is none


@dataclass(frozen=True)
class StepRewards:
    """What an advantage function may use of a step's rollouts.

    What an algorithm does not ask for is not made: no greedy response is drawn, no critic kept.

    Attributes:
        rewards: shape (prompts, rollouts).
        lengths: tokens per response, same shape.
        longest: tokens a response can have.
        greedy: rewards of greedy responses, shape (prompts,), where `needs_greedy`.
        values: a critic's, shape (prompts, rollouts, tokens), where there is a `critic`.
    """

    rewards: "Tensor"
    lengths: "Tensor"
    longest: int
    greedy: "Tensor | None" = None
    values: "Tensor | None" = None


@dataclass(frozen=True)
class CriticConfig:
    """How a critic is learned beside the policy.

    Attributes:
        gamma: discount of later rewards per token.
        lam: lambda of generalised advantage estimation.
        learning_rate: of its AdamW.
        passes: over each rollout batch.
        minibatches: updates per pass.
        clip: values move at most this far from those at the rollout.
        warmup: first steps in which the critic alone is trained.
    """

    gamma: float
    lam: float
    learning_rate: float
    passes: int
    minibatches: int
    clip: float
    warmup: int


class Algorithm(ParameterSection):
    """The base of all algorithms; subclasses name themselves and give advantages.

    Attributes:
        label: how the literature spells it.
        source: where its equation stands.
        needs_greedy: whether a greedy response to each prompt is drawn and judged besides.
        baseline_beyond_group: whether rewards are compared with more than those of their own
            group, so that a group of equal rewards may still teach something.
    """

    label: ClassVar[str]
    source: ClassVar[str] = ""
    needs_greedy: ClassVar[bool] = False
    baseline_beyond_group: ClassVar[bool] = False

    name: str

    def advantages(self, step: StepRewards) -> "Tensor":
        """Advantages of a step, shape (prompts, rollouts), or (prompts, rollouts, tokens)."""
        raise NotImplementedError

    def critic(self) -> CriticConfig | None:
        """How a critic is learned, or None where none is needed."""
        return None

    def dynamic_rounds(self) -> int | None:
        """Rounds of dynamic sampling at most; None: every group drawn is trained on."""
        return None

    def check(self, rollouts: int, max_new_tokens: int) -> None:
        """Compare the options with the arm's.

        Args:
            rollouts: responses per prompt.
            max_new_tokens: tokens a response can have.

        Raises:
            ValueError: they do not go together; the message names both.
        """
