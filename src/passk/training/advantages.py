"""The algorithms by name: what each needs of a step, and its advantage function.

An algorithm is one pure function of the rewards, shape (prompts, rollouts), to advantages of the
same shape, or of shape (prompts, rollouts, tokens) where credit is given per token. What else it
needs is handed over by name. Clipping, the loss's mean, the KL penalty and the number of passes
over a batch are options of the one trainer, not of these.

To add one: write a module under `algorithms`, list it here, and give it a class of options in
`passk.training.settings`.

Example:
    >>> import torch
    >>> advantages("grpo", torch.tensor([[1.0, 0.0]]), {}, {"scale": "none", "eps": 0.0})
    tensor([[ 0.5000, -0.5000]])
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from torch import Tensor

from passk.training.algorithms.dapo import dapo
from passk.training.algorithms.grpo import grpo
from passk.training.algorithms.pass_at_k import pass_at_k
from passk.training.algorithms.pkpo import pkpo
from passk.training.algorithms.ppo import ppo
from passk.training.algorithms.reinforce_plus_plus import reinforce_plus_plus
from passk.training.algorithms.remax import remax
from passk.training.algorithms.rloo import rloo


@dataclass(frozen=True)
class Algorithm:
    """An objective as the trainer sees it.

    Attributes:
        function: (rewards, *, needs and options by name) -> advantages.
        source: where its equation stands.
        options: names of its parameters that the function takes.
        needs: further things the trainer hands over by name, of those it can make: `lengths`
            (prompts, rollouts), tokens per response; `longest`, tokens a response can have;
            `greedy` (prompts,), rewards of greedy responses; `values` (prompts, rollouts, tokens),
            a critic's. What is not needed is not made: no greedy response is drawn, no critic kept.
    """

    function: Callable[..., Tensor]
    source: str
    options: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


ALGORITHMS: Mapping[str, Algorithm] = MappingProxyType(
    {
        "grpo": Algorithm(grpo, "arXiv 2402.03300, section 4.1.2", ("scale", "eps")),
        "rloo": Algorithm(rloo, "arXiv 2402.14740, the RLOO estimator"),
        "reinforce++": Algorithm(
            reinforce_plus_plus, "arXiv 2501.03262", ("gamma", "eps"), ("lengths",)
        ),
        "remax": Algorithm(remax, "arXiv 2310.10505, algorithm 1", needs=("greedy",)),
        "ppo": Algorithm(
            ppo, "arXiv 1707.06347, equation 11", ("gamma", "lam", "eps"), ("values", "lengths")
        ),
        "dapo": Algorithm(
            dapo,
            "arXiv 2503.14476, equations 9 and 13",
            ("eps", "overlong_tokens", "overlong_penalty"),
            ("lengths", "longest"),
        ),
        "pass_at_k": Algorithm(pass_at_k, "arXiv 2508.10751, equations 14 and 15", ("k", "eps")),
        "pkpo": Algorithm(pkpo, "arXiv 2505.15201, equation 33", ("k",)),
    }
)


def advantages(
    name: str, rewards: Tensor, made: Mapping[str, Any], options: Mapping[str, Any]
) -> Tensor:
    """Advantages of a step by the algorithm of a name.

    Args:
        name: a key of ALGORITHMS.
        rewards: shape (prompts, rollouts).
        made: what the trainer made, by the names of `Algorithm.needs`.
        options: the algorithm's parameters; those that it does not take are left out.
    """
    algorithm = ALGORITHMS[name]
    needed = {need: made[need] for need in algorithm.needs}
    own = {option: options[option] for option in algorithm.options}
    return algorithm.function(rewards, **needed, **own)
