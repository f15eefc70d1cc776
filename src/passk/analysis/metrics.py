"""Metrics as pure functions on arrays of counts: n samples, c of them correct, k drawn.

One kernel, the chance of at least m correct among k of the n samples without replacement, is
behind every metric of this family: pass@k is m = 1, pass^k is m = k, G-Pass@k_tau is
m = ceil(tau k), CoT-Pass@k is m = 1 with c replaced by the samples whose chain is valid too.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Accuracy bins of the paper's histograms: 0 and 1 apart, tenths between them, open above.
HISTOGRAM_LABELS = (
    "0",
    *(f"({f'.{i}' if i else '0'},.{i + 1}]" for i in range(9)),
    "(.9,1)",
    "1",
)  # fmt: skip


def at_least(n: ArrayLike, c: ArrayLike, k: ArrayLike, m: ArrayLike = 1) -> Floats:
    """Probability of at least m correct among k of n samples, drawn without replacement.

    The hypergeometric tail P(X >= m), X ~ Hypergeometric(n, c, k). The mass at 0 is the finite
    product `prod_{i < k} (n - c - i) / (n - i)`; later masses follow by their ratio. No factorial
    is formed, so that nothing overflows and errors stay near 1e-13.

    Args:
        n: samples, any shape that broadcasts with the others.
        c: correct samples, 0 <= c <= n.
        k: samples drawn, at least 1. Where k > n the result is NaN: it is not defined.
        m: successes asked for; m <= 0 has probability 1, m > k has probability 0.

    Returns:
        Probabilities of the broadcast shape.

    Raises:
        ValueError: counts are negative, c exceeds n, or k is below 1; the first place is named.

    Example:
        >>> float(at_least(4, 2, 2, 2).round(6))  # C(2, 2) / C(4, 2)
        0.166667
    """
    n, c, k, m = np.broadcast_arrays(*(np.asarray(x, dtype=np.int64) for x in (n, c, k, m)))
    _check(n, c, k)
    undefined = k > n
    k_legal = np.where(undefined, 0, k)
    if m.size == 0 or m.max() <= 1:
        tail = 1.0 - _none(n, c, k_legal)
    else:
        # Few successes are counted directly, many as few failures: P(X >= m) = 1 - P(X <= m - 1).
        tail = 1.0 - _at_most(n, c, k_legal, m - 1)
    tail = np.where(m <= 0, 1.0, np.where(m > np.minimum(c, k), 0.0, tail))
    # k > n: nobody can draw more samples than there are, so there is no value to return.
    return np.where(undefined, np.nan, tail)


def pass_at_k(n: ArrayLike, c: ArrayLike, k: ArrayLike) -> Floats:
    """Unbiased estimate of the chance that at least one of k samples is correct.

    `1 - C(n - c, k) / C(n, k)` (Chen et al. 2021, arXiv 2107.03374, eq. 1; arXiv 2504.13837,
    section 2.2), per problem; a benchmark's pass@k is the mean over its problems.

    Args:
        n: samples per problem, any shape that broadcasts with c and k.
        c: correct ones among them.
        k: attempts allowed. NaN where k > n; exactly 1.0 where fewer than k samples are wrong.

    Returns:
        Estimates of the broadcast shape.

    Raises:
        ValueError: impossible counts; see `at_least`.

    Example:
        Ten samples, three correct: one of five is correct with 1 - C(7, 5) / C(10, 5) = 1 - 21/252.

        >>> float(pass_at_k(10, 3, 5).round(6))
        0.916667
        >>> pass_at_k([10, 10, 4], [3, 0, 1], [1, 5, 8]).round(6).tolist()
        [0.3, 0.0, nan]
    """
    return at_least(n, c, k)


def sampling_efficiency_gap(base_at_k: ArrayLike, rl_at_1: ArrayLike) -> Floats:
    """Delta SE: what the base model reaches with k samples and the RL model not with one.

    `pass@k(base) - pass@1(RL)`, k = 256 in arXiv 2504.13837 (section 4.3); lower is better.

    Example:
        >>> float(sampling_efficiency_gap(0.691, 0.251).round(3))  # GRPO, Omni-MATH test
        0.44
    """
    return np.asarray(base_at_k, dtype=np.float64) - np.asarray(rl_at_1, dtype=np.float64)


def histogram_bin(n: ArrayLike, c: ArrayLike) -> Integers:
    """Index into `HISTOGRAM_LABELS` of the accuracy c/n, in whole numbers, free of rounding.

    Example:
        >>> histogram_bin(10, [0, 1, 2, 9, 10]).tolist()  # 0, (0,.1], (.1,.2], (.8,.9], 1
        [0, 1, 2, 9, 11]
        >>> histogram_bin(1000, 901).item()
        10
    """
    n, c = np.broadcast_arrays(np.asarray(n, dtype=np.int64), np.asarray(c, dtype=np.int64))
    _check(n, c, np.ones_like(n))
    return np.where(c == 0, 0, np.where(c == n, 11, -(-10 * c // np.maximum(n, 1))))


def _check(n: Integers, c: Integers, k: Integers) -> None:
    """Refuse counts that no experiment can give."""
    for wrong, message in (
        (n < 0, "n is negative"),
        (c < 0, "c is negative"),
        (c > n, "c exceeds n"),
        (k < 1, "k is below 1"),
    ):
        if wrong.any():
            first = int(np.argmax(wrong))
            counts = f"n={n.flat[first]}, c={c.flat[first]}, k={k.flat[first]}"
            raise ValueError(f"{message} at position {first}: {counts}")


def _none(n: Integers, c: Integers, k: Integers) -> Floats:
    """P(X = 0) = C(n-c, k) / C(n, k), symmetric in c and k: a product of min(c, k) factors."""
    few, many = np.minimum(c, k), np.maximum(c, k)
    product = np.ones(n.shape)
    for i in range(int(few.max(initial=0))):
        factor = np.maximum(n - many - i, 0) / np.maximum(n - i, 1)
        product = np.where(i < few, product * factor, product)
    return product


def _at_most(n: Integers, c: Integers, k: Integers, m: Integers) -> Floats:
    """P(X <= m) from ratios of successive masses, normalised over the whole support."""
    log_mass = np.zeros(n.shape)
    first = np.maximum(0, k - (n - c))
    last = np.minimum(c, k)
    peak = np.zeros(n.shape)
    logs = [np.where(first == 0, 0.0, -np.inf)]
    for j in range(int(last.max(initial=0))):
        inside = (j >= first) & (j < last)
        up = np.where(inside, (c - j) * (k - j), 1)
        down = np.where(inside, (j + 1) * (n - c - k + j + 1), 1)
        log_mass = np.where(inside, log_mass + np.log(up / down), log_mass)
        peak = np.maximum(peak, np.where(inside, log_mass, peak))
        logs.append(np.where((j + 1 >= first) & (j + 1 <= last), log_mass, -np.inf))
    total = np.zeros(n.shape)
    below = np.zeros(n.shape)
    for j, log in enumerate(logs):
        mass = np.exp(log - peak)
        total += mass
        below += np.where(j <= m, mass, 0.0)
    return below / total
