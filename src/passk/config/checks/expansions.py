"""Expansions: draws whose tree can be written down, and sets that they sample."""

from collections.abc import Iterator

from passk.config.schema import Study
from passk.core.legal import unknown
from passk.data.prompts import template, template_faults


def find_faults(study: Study) -> Iterator[str]:
    """Unknown draws and sets; draws of one answer, of a server, recorded ones, or with images."""
    for name, entry in study.expansions.items():
        key = f"expansions.{name}"
        yield from unknown("expansions", name, study.draws, "draw")
        if (draw := study.draws.get(name)) is None:
            continue
        if entry.model != draw.model:
            yield f"{key}.model = {entry.model!r}: draws.{name} draws of {draw.model!r}; name that"
        for of_set in entry.sets:
            yield from unknown(f"{key}.sets", of_set, draw.sets, f"set of draws.{name}")
        if not draw.temperature:
            yield f"{key}: temperature {draw.temperature} draws one answer; its table says all"
        if draw.engine != "step_loop":
            yield f"{key}: engine {draw.engine!r}; legal: step_loop, whose distribution is known"
        elif (
            draw.template
            and not any(template_faults(key, draw.template))
            and (template(draw.template).image)
        ):
            yield f"{key}: its template {draw.template!r} shows an image; take a draw without"
