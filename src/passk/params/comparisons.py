"""What the sections `analysis` and `report` say of comparisons must agree: pairs, groups, names."""

from collections.abc import Iterable, Iterator

from passk.params.analysis import Analysis
from passk.params.legal import unknown
from passk.params.report import Report


def faults(
    analysis: Analysis, report: Report, draws: Iterable[str], sets: Iterable[str]
) -> Iterator[str]:
    """What disagrees, one message per place.

    Args:
        analysis: the section `analysis`.
        report: the section `report`.
        draws: names of draws.
        sets: names of sets.
    """
    draws, sets = list(draws), list(sets)
    pairs, groups = analysis.pairs, analysis.groups
    places = {f"report.panels.{name}.pairs": panel.pairs for name, panel in report.panels.items()}
    for role, names in report.claims.items():
        if role != "algorithms":
            places[f"report.claims.{role}"] = names
    places |= {f"analysis.groups.{group}": names for group, names in groups.items()}
    for place, names in places.items():
        for name in names:
            yield from unknown(place, name, pairs, "pair")
    for name in report.claims.get("algorithms", ()):
        yield from unknown("report.claims.algorithms", name, groups, "group")
    for group, names in groups.items():
        bases = sorted({pairs[name].base for name in names if name in pairs})
        if len(bases) > 1:
            yield (
                f"analysis.groups.{group} = [{', '.join(names)}]: its pairs have the bases "
                f"{', '.join(bases)}; legal: pairs of one base"
            )
    for panel, section in report.panels.items():
        for name in section.sets:
            yield from unknown(f"report.panels.{panel}.sets", name, sets, "set")
    for kind, counterparts in report.counterparts.items():
        known, what = (sets, "set") if kind == "sets" else (draws, "draw")
        for name in counterparts:
            yield from unknown(f"report.counterparts.{kind}", name, known, what)
