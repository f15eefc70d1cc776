"""One self-contained page: no request leaves it, nothing in it depends on when or where it ran."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from passk.report import numbers
from passk.report.claims.registry import CLAIMS
from passk.report.claims.verdict import Asked, Claim, Verdict
from passk.report.contents import colours, sections
from passk.report.finding import finding
from passk.report.looks import Look
from passk.report.material import Material
from passk.report.numbers import Part, shares_of_resamples
from passk.report.plot import Drawing
from passk.report.svg import sample

HERE = Path(__file__).parent
Judged = list[tuple[Claim, list[Verdict]]]


def page(material: Material, drawn: Mapping[str, Drawing]) -> str:
    """The report as one HTML document.

    Args:
        material: everything that is shown.
        drawn: its figures, from `contents.drawings`.
    """
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["html"] = _html
    environment.filters["sample"] = _sample
    environment.filters["matrices"] = matrices
    template = environment.from_string((HERE / "page.html.j2").read_text(encoding="utf-8"))
    sentence = finding(material)
    sources = [part.source.row for part in sentence if isinstance(part, numbers.Number)]
    found = judged(material)
    return template.render(
        params=material.params,
        css=Markup((HERE / "page.css").read_text(encoding="utf-8")),
        js=Markup((HERE / "page.js").read_text(encoding="utf-8")),
        colours=colours(material),
        finding=sentence,
        example=sources[-1] if sources else "",
        claims=found,
        brief=brief(found),
        level=f"{material.analysis.bootstrap.level * 100:g}%",
        sections=sections(material, drawn),
        material=material,
    )


def judged(material: Material) -> Judged:
    """Each claim that the data speak to, with its verdicts on the sets shown."""
    asked = Asked(material.subjects(), material.analysis.bootstrap.level)
    resamples = material.analysis.bootstrap.resamples
    found = []
    for claim in CLAIMS:
        verdicts = [
            replace(verdict, evidence=tuple(shares_of_resamples(verdict.evidence, resamples)))
            for verdict in claim.judge(material.results, asked)
            if verdict.set in material.every_set
        ]
        # Sets in the order of the page; subjects stay in the order of the claim.
        subjects = list(dict.fromkeys(verdict.subject for verdict in verdicts))
        verdicts.sort(key=lambda v: (subjects.index(v.subject), material.every_set.index(v.set)))
        if verdicts:
            found.append((claim, verdicts))
    return found


def brief(found: Judged) -> Judged:
    """Per claim, its verdict on the first set: of the first pair, and of each part of the claim."""
    short = []
    for claim, verdicts in found:
        here = [verdict for verdict in verdicts if verdict.set == verdicts[0].set]
        parts = {verdict.part: verdict for verdict in reversed(here)}
        short.append((claim, [verdict for verdict in here if parts[verdict.part] is verdict]))
    return short


def matrices(verdicts: Sequence[Verdict]) -> list[tuple[list[str], list[str]]]:
    """Sets and subjects of the tables that show verdicts: subjects of one table share sets.

    Pairs of another domain have sets of their own; in one table they would leave it half empty.
    """
    found: list[tuple[list[str], list[str]]] = []
    for subject in dict.fromkeys(verdict.subject for verdict in verdicts):
        sets = [verdict.set for verdict in verdicts if verdict.subject == subject]
        joined = [one for one in found if set(one[0]) & set(sets)]
        found = [one for one in found if one not in joined]
        every = dict.fromkeys([*(name for one in joined for name in one[0]), *sets])
        found.append((list(every), [*(name for one in joined for name in one[1]), subject]))
    places = list(dict.fromkeys(verdict.subject for verdict in verdicts))
    return sorted(found, key=lambda one: places.index(one[1][0]))


def _html(parts: Sequence[Part]) -> Markup:
    return Markup(numbers.html(parts))  # every part is escaped there


def _sample(look: Look, thick: bool) -> Markup:
    return Markup(sample(look, thick, f"var(--c{look.colour[1:]})"))
