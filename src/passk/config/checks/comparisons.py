"""What the sections `analysis` and `report` say of comparisons must agree: names, sets, views."""

from collections.abc import Collection, Iterable, Iterator

from passk.analysis.settings import Analysis
from passk.core.legal import unknown
from passk.report import published
from passk.report.claims.registry import CLAIMS
from passk.report.experiments import list_experiments
from passk.report.sections.registry import SECTIONS
from passk.report.settings import ReportSettings


def find_faults(
    analysis: Analysis, report: ReportSettings, draws: Iterable[str], sets: Iterable[str]
) -> Iterator[str]:
    """What disagrees, one line per place.

    Args:
        analysis: the section `analysis`.
        report: the section `report`.
        draws: names of draws.
        sets: names of sets.
    """
    draws, sets = set(draws), set(sets)
    yield from _comparisons(analysis, draws)
    yield from _views(analysis, sets)
    yield from _sections(report)
    yield from _listed_comparisons(analysis, report)
    yield from _claims(report, analysis.comparisons, analysis.groups)
    yield from _groups(analysis)
    yield from _listed_sets(report, {*sets, *analysis.views})
    yield from _counterparts(report, draws, {*sets, *analysis.views})
    yield from _experiments(analysis, report, draws)


def _comparisons(analysis: Analysis, draws: Collection[str]) -> Iterator[str]:
    """Draws that there are not, and draws that are compared with themselves."""
    for name, compared in analysis.comparisons.items():
        key = f"analysis.comparisons.{name}"
        yield from unknown(f"{key}.reference", compared.reference, draws, "draw")
        yield from unknown(f"{key}.candidate", compared.candidate, draws, "draw")
        if compared.reference == compared.candidate:
            yield (
                f"{key}.candidate = {compared.candidate!r}: is its own reference; compare it with "
                "another draw"
            )


def _views(analysis: Analysis, sets: Collection[str]) -> Iterator[str]:
    """Views of no set, and views that are called like one."""
    for name, view in analysis.views.items():
        yield from unknown(f"analysis.views.{name}.set", view.set, sets, "set")
        if name in sets:
            yield f"analysis.views.{name}: a set has that name already; choose another"


def _listed_comparisons(analysis: Analysis, report: ReportSettings) -> Iterator[str]:
    """Comparisons that lists name, and that there are not."""
    lists = {"report.comparisons": report.comparisons}
    lists |= {
        f"report.panels.{name}.comparisons": panel.comparisons
        for name, panel in report.panels.items()
    }
    lists |= {f"analysis.groups.{group}": names for group, names in analysis.groups.items()}
    for key, names in lists.items():
        for name in names:
            yield from unknown(key, name, analysis.comparisons, "comparison")


def _groups(analysis: Analysis) -> Iterator[str]:
    """Groups whose comparisons have several references, or several k."""
    for group, names in analysis.groups.items():
        key = f"analysis.groups.{group} = [{', '.join(names)}]"
        compared = [name for name in names if name in analysis.comparisons]
        references = sorted({analysis.comparisons[name].reference for name in compared})
        if len(references) > 1:
            yield (
                f"{key}: its comparisons have the references {', '.join(references)}; legal: "
                "comparisons with one reference"
            )
        gaps = sorted({analysis.gap_at(name) for name in compared})
        if len(gaps) > 1:
            yield (
                f"{key}: its comparisons have the efficiency_k {', '.join(map(str, gaps))}; legal: "
                "comparisons of one k"
            )


def _listed_sets(report: ReportSettings, sets: Collection[str]) -> Iterator[str]:
    lists = {f"report.panels.{name}.sets": panel.sets for name, panel in report.panels.items()}
    lists |= {f"report.primary.{role}.set": [cell.set] for role, cell in report.primary.items()}
    for key, names in (lists | {"report.sets": report.sets}).items():
        for name in names:
            yield from unknown(key, name, sets, "set or view")


def _counterparts(
    report: ReportSettings, draws: Collection[str], sets: Collection[str]
) -> Iterator[str]:
    """Counterparts of no draw or set."""
    for kind, counterparts in report.counterparts.items():
        known, noun = (sets, "set") if kind == "sets" else (draws, "draw")
        for name in counterparts:
            yield from unknown(f"report.counterparts.{kind}", name, known, noun)


def _claims(
    report: ReportSettings, comparisons: Collection[str], groups: Collection[str]
) -> Iterator[str]:
    """Subjects of claims that are no comparisons, or no groups of them, as the role asks for."""
    of_groups = _group_roles(report)
    for role, names in report.claims.items():
        known, noun = (groups, "group") if role in of_groups else (comparisons, "comparison")
        for name in names:
            yield from unknown(f"report.claims.{role}", name, known, noun)
    for role, cell in report.primary.items():
        judged = report.claims.get(role, report.comparisons or comparisons)
        yield from unknown(f"report.primary.{role}.subject", cell.subject, judged, "subject of it")


def _group_roles(report: ReportSettings) -> tuple[str, ...]:
    """Roles that name groups of comparisons."""
    claims = CLAIMS.values() if report.claims else ()
    return tuple(role for claim in claims if claim.of_groups for role in claim.roles)


def _sections(report: ReportSettings) -> Iterator[str]:
    """Sections and claims that there are not, and what is said of those that have no use for it."""
    for name in report.sections:
        yield from unknown("report.sections", name, SECTIONS, "section")
    for name in report.judged_claims:
        yield from unknown("report.judged_claims", name, CLAIMS, "claim")
    if report.panels or report.counterparts:
        panels = [name for name, section in SECTIONS.items() if section.compares]
        tables = [name for name in SECTIONS if (paper := SECTIONS[name].paper) and paper.largest_k]
        for name in report.panels:
            yield from unknown("report.panels", name, panels, "section that compares")
        for name in report.counterparts:
            yield from unknown("report.counterparts", name, [*tables, "sets"], "table")
    if report.claims or report.primary:
        roles = [role for claim in CLAIMS.values() for role in claim.roles]
        for key, named in (("claims", report.claims), ("primary", report.primary)):
            for role in named:
                yield from unknown(f"report.{key}", role, roles, "role")
    yield from published.faults(report.published, report.counterparts)


def _experiments(
    analysis: Analysis, report: ReportSettings, draws: Collection[str]
) -> Iterator[str]:
    """Experiments that the paper has not, and what is said to show them and is not there."""
    for name, entry in report.experiments.items():
        key = f"report.experiments.{name}"
        yield from unknown("report.experiments", name, list_experiments(), "experiment")
        for other in entry.sections:
            yield from unknown(f"{key}.sections", other, report.sections, "section of the page")
        for other in entry.comparisons:
            yield from unknown(f"{key}.comparisons", other, analysis.comparisons, "comparison")
        for other in entry.draws:
            yield from unknown(f"{key}.draws", other, draws, "draw")
