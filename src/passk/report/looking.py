"""Whether a model looks: pass@1 with each problem's own picture, and with that of another.

A set with `pictures: shuffled` asks the questions of its twin (the same source and filters) and
shows each with the picture of another problem. A model that answers from its picture falls there to
what guessing gives; one that does not look solves as many as before.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from passk.report.material import Material
from passk.report.tables import Cell, View, point

# What two draws of one model have in common where one asks a set and the other its control.
_ALIKE = ("model", "template", "temperature", "top_p", "max_new_tokens", "engine")


def looking(material: Material) -> View:
    """Pass@1 on own and on shuffled pictures, set by set; no rows where there is no control."""
    rows: list[list[Cell]] = []
    for own, shuffled in twins(material.sets):
        for draw, other in _draws(material, own, shuffled):
            points = (
                point(material.row("pass_at_k", draw=one, set=name, k=1), one, name)
                for one, name in ((draw, own), (other, shuffled))
            )
            rows.append([[material.label(own)], [material.looks[draw].label], *points])
    columns = ["Set", "Draw", "pass@1, own pictures", "pass@1, shuffled"]
    return View(columns, rows, frozenset({0, 1}))


def twins(sets: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Each set with its control.

    Example:
        >>> shown = {"problems": "scenes", "filters": []}
        >>> list(twins({"scenes": shown, "blind": shown | {"pictures": "shuffled"}}))
        [('scenes', 'blind')]
    """
    for name, entry in sets.items():
        if entry.get("pictures") == "shuffled":
            yield from ((own, name) for own, other in sets.items() if _twin(entry, other))


def _twin(control: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether a set is what a control was made from."""
    same = all(
        (control.get(key) or []) == (other.get(key) or []) for key in ("problems", "filters")
    )
    return same and other.get("pictures") != "shuffled"


def _draws(material: Material, own: str, shuffled: str) -> Iterator[tuple[str, str]]:
    """Draws of a set, each with itself or a draw like it that samples the control."""
    for draw, entry in material.draws.items():
        if material.row("pass_at_k", draw=draw, set=own, k=1) is None:
            continue
        like = [
            name
            for name, other in material.draws.items()
            if material.row("pass_at_k", draw=name, set=shuffled, k=1) is not None
            and all(entry.get(key) == other.get(key) for key in _ALIKE)
        ]
        if like:
            yield draw, draw if draw in like else like[0]
