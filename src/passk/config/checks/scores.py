"""Scores: models and draws that there are, and prompts that can be written before responses."""

from collections.abc import Iterator

from passk.config.checks.names import list_models, list_recorded
from passk.config.schema import Study
from passk.core.legal import unknown
from passk.data.prompts import template, template_faults
from passk.sampling.scoring_settings import Score


def find_faults(study: Study) -> Iterator[str]:
    """Unknown names, and templates that are missing, unknown or show an image."""
    models = list_models(study) - list_recorded(study)
    for name, entry in study.scores.items():
        yield from unknown(f"scores.{name}.model", entry.model, models, "model")
        yield from unknown(f"scores.{name}.draw", entry.draw, study.draws, "draw")
        if entry.draw in study.draws:
            yield from _templates(study, name, entry)


def _templates(study: Study, name: str, entry: Score) -> Iterator[str]:
    key = f"scores.{name}.template"
    chosen = entry.template or study.draws[entry.draw].template
    if chosen is None:
        yield f"{key}: missing; draw {entry.draw!r} is imported and has none: name one"
        return
    faults = list(template_faults(key, chosen))
    yield from faults
    if faults:
        return
    if template(chosen).image:
        yield (
            f"{key} = {chosen!r}: shows an image, behind which nothing is scored; take a draw "
            "without images"
        )
    known = study.pretrain.get(entry.model)
    if template(chosen).chat and known is not None and not known.tokenizer.chat:
        yield f"{key} = {chosen!r}: a chat; give pretrain.{entry.model} tokenizer.chat: true"
