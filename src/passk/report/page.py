"""One self-contained page: no request leaves it, nothing in it depends on when or where it ran."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from passk.report import numbers
from passk.report.claims import CLAIMS, Claim, Verdict
from passk.report.contents import colours, sections
from passk.report.finding import finding
from passk.report.material import Material
from passk.report.numbers import Part, shares_of_resamples

HERE = Path(__file__).parent
DASHES = {"solid": "", "dashed": "7 3", "dashdot": "7 3 2 3", "dotted": "2 3"}


def page(material: Material) -> str:
    """The report as one HTML document."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["html"] = _html
    template = environment.from_string((HERE / "page.html.j2").read_text(encoding="utf-8"))
    sentence = finding(material)
    sources = [part.source.row for part in sentence if isinstance(part, numbers.Number)]
    return template.render(
        params=material.params,
        css=Markup((HERE / "page.css").read_text(encoding="utf-8")),
        js=Markup((HERE / "page.js").read_text(encoding="utf-8")),
        colours=colours(material),
        finding=sentence,
        example=sources[-1] if sources else "",
        claims=judged(material),
        sections=sections(material),
        dashes=DASHES,
        material=material,
    )


def judged(material: Material) -> list[tuple[Claim, list[Verdict]]]:
    """Each claim that the data speak to, with its verdicts on the pairs and sets shown."""
    found = []
    for claim in CLAIMS:
        resamples = material.analysis.bootstrap.resamples
        verdicts = {
            (verdict.pair, verdict.set): replace(
                verdict, evidence=tuple(shares_of_resamples(verdict.evidence, resamples))
            )
            for verdict in claim.judge(material.results, material.analysis.bootstrap.level)
        }
        shown = [
            verdicts[pair, name]
            for pair in material.pairs
            for name in material.set_names
            if (pair, name) in verdicts
        ]
        if shown:
            found.append((claim, shown))
    return found


def _html(parts: Sequence[Part]) -> Markup:
    return Markup(numbers.html(parts))  # every part is escaped there
