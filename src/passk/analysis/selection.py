"""What k samples are worth once one answer must be picked: by majority, or by a score.

pass@k asks whether a right answer is among k samples; whoever uses a model has to pick one. Both
estimates are exact for k samples drawn without replacement of the n at hand: nothing is resampled.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln

from passk.analysis.metrics import Floats


def majority_at_k(correct: int, others: Sequence[int], k: int) -> float:
    """maj@k: chance that the commonest answer among k of the samples is the correct one.

    Answers that share the first place are picked among evenly (arXiv 2203.11171, section 2, votes
    without weights). Votes of a draw are multivariate hypergeometric, so that the chance is

        sum_{v, t} C(c, v) [x^(k-v) y^t] prod_a (sum_{j<v} C(n_a, j) x^j + C(n_a, v) x^v y) / (t+1)

    over the votes v for the correct answer and the number t of others with as many, divided by
    C(n, k).

    Args:
        correct: samples with the correct answer, however it is written.
        others: for each wrong answer the samples that give it; a sample without an answer is an
            answer of its own, or is left out if it does not vote.
        k: samples drawn, at least 1. NaN where k exceeds all samples.

    Example:
        >>> round(majority_at_k(2, [1], 1), 6)  # one vote decides: 2/3
        0.666667
        >>> round(majority_at_k(2, [1], 3), 6), round(majority_at_k(1, [1], 2), 6)
        (1.0, 0.5)
    """
    if k < 1:
        raise ValueError(f"k = {k}: at least one sample must be drawn")
    total = correct + sum(others)
    if k > total:
        return float("nan")
    chance = 0.0
    for votes in range(1, min(correct, k) + 1):
        rivals = [size for size in others if size >= votes]
        ways, scale = _draw_freely(sum(others) - sum(rivals), k - votes, len(rivals))
        for size in rivals:
            ways, added = _add_rival(ways, size, votes)
            scale += added
        shared = ways[k - votes] / np.arange(1, len(rivals) + 2)
        if shared.any():
            log_chance = _log_choose(correct, votes) + scale - _log_choose(total, k)
            chance += float(shared.sum() * np.exp(log_chance))
    return min(chance, 1.0)


def best_of_k(scores: ArrayLike, correct: ArrayLike, k: int) -> float:
    """Best-of-k: chance that the sample with the highest score among k of n is correct.

    With scores in descending order, sample i (from 0) is the best of k with probability
    `C(n - i - 1, k - 1) / C(n, k)`. Equal scores share their places evenly.

    Args:
        scores: (n,) one per sample, e.g. its mean log-probability.
        correct: (n,) whether each sample is correct.
        k: samples drawn, at least 1. NaN where k > n.

    Example:
        >>> best_of_k([3.0, 1.0, 2.0], [True, False, False], 3)  # the first of all three
        1.0
        >>> round(best_of_k([3.0, 1.0, 2.0], [True, False, False], 1), 6)
        0.333333
    """
    scores = np.asarray(scores, dtype=np.float64)
    right = np.asarray(correct, dtype=np.float64)
    if scores.shape != right.shape or scores.ndim != 1:
        raise ValueError(f"{scores.shape} scores for {right.shape} verdicts: one each is needed")
    if np.isnan(scores).any():
        raise ValueError("a score is NaN: samples without a score cannot be ranked")
    if k < 1:
        raise ValueError(f"k = {k}: at least one sample must be drawn")
    count = len(scores)
    if k > count:
        return float("nan")
    below = count - 1 - np.arange(count)
    legal = below >= k - 1
    logs = _log_choose(np.where(legal, below, k - 1), k - 1) - _log_choose(count, k)
    chances = np.where(legal, np.exp(logs), 0.0)
    _, ranks, sizes = np.unique(-scores, return_inverse=True, return_counts=True)
    share = np.bincount(np.sort(ranks), weights=chances) / sizes  # of each sample of equal score
    return float((share[ranks] * right).sum())


def _draw_freely(size: int, most: int, rivals: int) -> tuple[Floats, float]:
    """Ways to draw from answers that have too few samples to rival the correct one.

    `prod_a (1 + x)^n_a = (1 + x)^size`: however many such answers there are, they are one binomial.

    Returns:
        (most + 1, rivals + 1) ways by samples drawn and rivals that tie, none so far, scaled to a
        largest entry of 1; the log of the scale.
    """
    drawn = np.arange(most + 1)
    logs = np.where(drawn <= size, _log_choose(size, np.minimum(drawn, size)), -np.inf)
    ways = np.zeros((most + 1, rivals + 1))
    top = float(logs.max())
    ways[:, 0] = np.exp(logs - top)
    return ways, top


def _add_rival(ways: Floats, size: int, votes: int) -> tuple[Floats, float]:
    """Ways to draw with one more answer, which has at most as many votes as the correct one.

    Args:
        ways: (samples + 1, rivals + 1) of the answers so far, scaled.
        size: samples that give the answer, at least `votes`.
        votes: of the correct answer.

    Returns:
        The same with the answer, scaled to a largest entry of 1; the log of the scale.
    """
    log_terms = _log_choose(size, np.arange(min(votes, len(ways) - 1) + 1))
    top = float(log_terms.max())
    added = np.zeros_like(ways)
    for drawn, term in enumerate(np.exp(log_terms - top)):
        part = ways[: len(ways) - drawn] * term
        if drawn < votes:
            added[drawn:] += part
        else:
            added[drawn:, 1:] += part[:, :-1]
    largest = float(added.max())
    return (added / largest, top + np.log(largest)) if largest > 0 else (added, 0.0)


def _log_choose(n: ArrayLike, k: ArrayLike) -> Floats:
    n, k = np.asarray(n, dtype=np.float64), np.asarray(k, dtype=np.float64)
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))
