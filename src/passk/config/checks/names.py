"""Names: each is given once, and each that is used is one that there is."""

import itertools
from collections.abc import Iterator

from passk.config.schema import Study
from passk.core.legal import unknown
from passk.data.chat_options import CHAT_TEMPLATE, option_faults
from passk.data.prompts import template, template_faults


def find_faults(study: Study) -> Iterator[str]:
    """Names that are taken, that nothing bears, or that do not go together."""
    yield from _shared_sources(study)
    yield from _shared_models(study)
    yield from _unknown_names(study)
    yield from _templates(study)


def list_models(study: Study) -> set[str]:
    """Every model that a draw may name."""
    checkpoints = {
        f"{name}/step-{step}" for name, arm in study.train.items() for step in arm.checkpoints
    }
    return {*study.pretrain, *study.fetch, *study.sft, *checkpoints, *list_recorded(study)}


def list_recorded(study: Study) -> set[str]:
    """Models whose samples are imported: NAME, or NAME/MODEL where an entry has several."""
    return {
        f"{name}/{model}" if model else name
        for name, entry in study.imported.items()
        for model in entry.models or ("",)
    }


def arm_of(model: str) -> str:
    """The entry of `pretrain`, `fetch`, `train`, `sft` or `imported` that makes a model."""
    return model.partition("/")[0]


def _shared_sources(study: Study) -> Iterator[str]:
    """Sources of problems of one name: both would be written to one file."""
    kinds = {"worlds": "a generated world", "benchmarks": "a benchmark", "imported": ""}
    for other, section in itertools.combinations(kinds, 2):
        for name in sorted(set(getattr(study, section)) & set(getattr(study, other))):
            yield f"{section}.{name}: {kinds[other]} has that name already; choose another"


def _shared_models(study: Study) -> Iterator[str]:
    """Models of one name: both would be written to one folder; demonstrations likewise."""
    earlier_names = {*study.pretrain, *study.imported}
    for section in ("fetch", "train", "sft"):
        names = set(getattr(study, section))
        for name in sorted(names & earlier_names):
            yield f"{section}.{name}: another model has that name already; choose another"
        earlier_names |= names
    for name in sorted(set(study.pretrain) & set(study.imported)):
        yield f"pretrain.{name}: imported samples have that name already; choose another"
    for name in study.reference_answers:
        if name in study.rejection_sampling:
            yield (
                f"reference_answers.{name}: demonstrations under `rejection_sampling:` have that "
                "name; choose another"
            )


def _unknown_names(study: Study) -> Iterator[str]:
    models = list_models(study)
    starts = models - list_recorded(study)
    sources = {*study.worlds, *study.benchmarks, *study.imported}
    for name, entry in study.sets.items():
        yield from unknown(f"sets.{name}.problems", entry.problems, sources, "problem source")
    for name, arm in study.train.items():
        yield from unknown(f"train.{name}.start", arm.start, starts, "model")
        yield from unknown(f"train.{name}.set", arm.set, study.sets, "set")
    for name, choice in study.rejection_sampling.items():
        yield from unknown(f"rejection_sampling.{name}.draw", choice.draw, study.draws, "draw")
    for name, answers in study.reference_answers.items():
        yield from unknown(f"reference_answers.{name}.set", answers.set, study.sets, "set")
    demonstrations = {*study.rejection_sampling, *study.reference_answers}
    for name, tuned in study.sft.items():
        yield from unknown(f"sft.{name}.start", tuned.start, starts, "model")
        key = f"sft.{name}.demonstrations"
        yield from unknown(key, tuned.demonstrations, demonstrations, "demonstrations")
    for name, draw in study.draws.items():
        yield from unknown(f"draws.{name}.model", draw.model, models, "model")
        for item in draw.sets:
            yield from unknown(f"draws.{name}.sets", item, study.sets, "set")


def _templates(study: Study) -> Iterator[str]:
    """Templates that there are not; chats that a tokenizer which is trained here cannot write."""
    for name, tuned in study.sft.items():
        yield from template_faults(f"sft.{name}.template", tuned.template)
    uses = [
        (f"pretrain.{name}.corpus.template", model.corpus.template, name)
        for name, model in study.pretrain.items()
    ]
    uses += [
        (f"train.{name}.template", arm.template, arm.start) for name, arm in study.train.items()
    ]
    uses += [
        (f"draws.{name}.template", draw.template, draw.model)
        for name, draw in study.draws.items()
        if draw.template is not None
    ]
    named = {
        f"draws.{name}.template"
        for name, draw in study.draws.items()
        if CHAT_TEMPLATE in draw.template_options
    }
    for name, draw in study.draws.items():
        yield from option_faults(f"draws.{name}.template_options", draw.template_options)
    for key, name, model in uses:
        faults = list(template_faults(key, name))
        yield from faults
        chat = not faults and template(name).chat
        given = key in named
        if (
            chat
            and not given
            and model in study.pretrain
            and not study.pretrain[model].tokenizer.chat
        ):
            yield f"{key} = {name!r}: a chat; give pretrain.{model} tokenizer.chat: true"
