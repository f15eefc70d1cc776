r"""passk: a reproducible study of the reasoning boundary of language models (arXiv 2504.13837).

What follows is the public interface; a name is imported when it is first asked for, so that
`import passk` costs nothing. Everything else may change between versions.

| name | what |
|---|---|
| `pass_at_k`, `at_least` | the chance that one, or m, of k samples are correct, from counts |
| `sampling_efficiency_gap`, `histogram_bin` | the paper's other metrics |
| `judge` | verdicts on responses to problems of a domain |
| `Verdict` | what a judge says of one response |
| `read_samples`, `read_verdicts`, `read_counts` | tables of a study, checked |

Example:
    >>> import passk
    >>> float(passk.pass_at_k(4, 2, 2).round(6))  # 1 - C(2, 2) / C(4, 2)
    0.833333
    >>> [v.verdict for v in passk.judge(["12", "12"], [r"\boxed{12}", r"\boxed{13}"])]
    ['correct', 'wrong']
"""

from importlib import import_module

TYPE_CHECKING = False  # as in `typing`, which would be one more import
if TYPE_CHECKING:
    from passk.analysis.metrics import (
        at_least,
        histogram_bin,
        pass_at_k,
        sampling_efficiency_gap,
    )
    from passk.api import judge, read_counts, read_samples, read_verdicts
    from passk.domains.verdict import Verdict

__all__ = [
    "Verdict",
    "at_least",
    "histogram_bin",
    "judge",
    "pass_at_k",
    "read_counts",
    "read_samples",
    "read_verdicts",
    "sampling_efficiency_gap",
]

_MODULES = {
    "Verdict": "passk.domains.verdict",
    "at_least": "passk.analysis.metrics",
    "histogram_bin": "passk.analysis.metrics",
    "judge": "passk.api",
    "pass_at_k": "passk.analysis.metrics",
    "read_counts": "passk.api",
    "read_samples": "passk.api",
    "read_verdicts": "passk.api",
    "sampling_efficiency_gap": "passk.analysis.metrics",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is asked for."""
    if name not in _MODULES:
        public = ", ".join(__all__)
        raise AttributeError(f"module 'passk' has no attribute {name!r}; public: {public}")
    value = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
