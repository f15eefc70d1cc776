"""What is compared must be asked and decoded alike: a badly prompted base proves nothing.

Two draws of a comparison that differ in prompt or decoding are refused, unless the comparison says
in what (`differs: [template]`): a template of its own for each model, or another temperature, may
be the question itself. Imported draws do not say how they were made; the page says so.
"""

from collections.abc import Iterator
from typing import get_args

from passk.analysis.settings import Aspect, Comparison
from passk.config.schema import Study
from passk.sampling.engines.registry import ENGINES
from passk.sampling.settings import Draw

# What a comparison may say to differ, in the order in which it is named.
ASPECTS: tuple[str, ...] = get_args(Aspect)


def find_faults(study: Study) -> Iterator[str]:
    """Comparisons of draws that are not made alike, and stated differences that are not there."""
    for name, compared in study.analysis.comparisons.items():
        draws = [study.draws.get(draw) for draw in (compared.reference, compared.candidate)]
        made = [draw for draw in draws if draw is not None and _is_drawn(draw)]
        if len(made) == 2:
            yield from _compare(f"analysis.comparisons.{name}", compared, made[0], made[1])


def _is_drawn(draw: Draw) -> bool:
    return ENGINES[draw.engine].blocks is not None


def _compare(key: str, compared: Comparison, reference: Draw, candidate: Draw) -> Iterator[str]:
    values = {aspect: (_value(reference, aspect), _value(candidate, aspect)) for aspect in ASPECTS}
    differing = [aspect for aspect, (one, other) in values.items() if one != other]
    unsaid = [aspect for aspect in differing if aspect not in compared.differs]
    if unsaid:
        words = "; ".join(f"{name}: {' and '.join(map(str, values[name]))}" for name in unsaid)
        yield (
            f"{key}: its draws {compared.reference!r} and {compared.candidate!r} are not made "
            f"alike ({words}); make them so, or, where that is the question, say it: "
            f"differs: [{', '.join(differing)}]"
        )
    for aspect in compared.differs:
        if aspect not in differing:
            yield f"{key}.differs: {aspect} is the same in both draws; remove it"


def _value(draw: Draw, aspect: str) -> object:
    """What counts: greedy decoding has no nucleus."""
    if aspect == "top_p" and not draw.temperature:
        return 1.0
    return getattr(draw, aspect)
