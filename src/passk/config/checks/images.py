"""What must agree on whether there are images: problems, templates and models.

Only what parameters say is looked at. Whether problems of a benchmark or of imported samples have
images, and what a fetched model takes, shows when the stages run.
"""

from collections.abc import Iterator, Mapping

from passk.config.checks.names import arm_of
from passk.data.filter_settings import SetEntry
from passk.data.prompts import PromptError, template
from passk.domains.registry import DOMAINS
from passk.domains.world_settings import WorldSet
from passk.domains.worlds import WORLDS
from passk.sampling.engines.registry import ENGINES
from passk.sampling.settings import Draw
from passk.training.finetuning_settings import FineTuning
from passk.training.pretraining_settings import Pretraining
from passk.training.settings import Training


def find_faults(
    worlds: Mapping[str, WorldSet],
    sets: Mapping[str, SetEntry],
    pretrain: Mapping[str, Pretraining],
    arms: Mapping[str, Training | FineTuning],
    draws: Mapping[str, Draw],
) -> Iterator[str]:
    """One line per key that disagrees.

    Args:
        worlds: section of the parameters, as the next two and `draws`.
        sets: filtered sets.
        pretrain: models from scratch.
        arms: those of `train:` and `sft:`.
        draws: what is sampled.
    """
    for name, model in pretrain.items():
        yield from _corpus(f"pretrain.{name}", model)
    shows = {
        name: None if entry.problems not in worlds else _has_images(worlds[entry.problems].world)
        for name, entry in sets.items()
    }
    for name, entry in sets.items():
        if entry.images == "shuffled" and shows[name] is False:
            yield f"sets.{name}.images = 'shuffled': problems of {entry.problems!r} have none"
    for name, arm in arms.items():
        if not isinstance(arm, Training):
            continue
        key, sees_images = f"train.{name}", _takes_images(arm.start, pretrain, arms)
        yield from _compare_template(f"{key}.set", arm.template, {arm.set: shows.get(arm.set)})
        yield from _compare_model(f"{key}.start", arm.template, arm.start, sees_images)
        if _shows_image(arm.template) and arm.algorithm.critic() is not None:
            yield (
                f"{key}.algorithm.name = {arm.algorithm.name!r}: its critic reads text "
                "alone; use another algorithm for problems with images"
            )
    for name, draw in draws.items():
        if draw.template is not None and ENGINES[draw.engine].blocks is not None:
            with_images = {set_name: shows.get(set_name) for set_name in draw.sets}
            yield from _compare_template(f"draws.{name}.sets", draw.template, with_images)
            sees_images = _takes_images(draw.model, pretrain, arms)
            yield from _compare_model(f"draws.{name}.model", draw.template, draw.model, sees_images)


def _has_images(name: str) -> bool:
    return DOMAINS[WORLDS[name].domain].has_images


def _shows_image(name: str) -> bool | None:
    """Whether a template shows an image; None: there is no such template."""
    try:
        return template(name).image
    except PromptError:
        return None


def _corpus(key: str, model: Pretraining) -> Iterator[str]:
    shows, sees = _has_images(model.corpus.world), model.architecture.vision is not None
    if shows != sees:
        has = "shows images" if shows else "has no images"
        yield (
            f"{key}.corpus.world = {model.corpus.world!r}: {has}, and architecture.family = "
            f"{model.architecture.family!r} {'takes some' if sees else 'takes none'}; use "
            + ("family qwen2_5_vl with `vision`" if shows else "a family without `vision`")
        )
    elif _shows_image(model.corpus.template) is not None:
        yield from _compare_template(
            f"{key}.corpus", model.corpus.template, {model.corpus.world: shows}
        )


def _compare_template(key: str, template: str, shows: Mapping[str, bool | None]) -> Iterator[str]:
    """Whether a template shows the images that there are; None is not known."""
    image = _shows_image(template)
    if image is None:
        return
    for name, has_images in shows.items():
        if has_images is not None and has_images != image:
            yield (
                f"{key}: problems of {name!r} {'have' if has_images else 'have no'} images, and "
                f"template {template!r} {'shows one' if image else 'shows none'}; use a template "
                f"{'with' if has_images else 'without'} `image: true`"
            )


def _takes_images(
    model: str, pretrain: Mapping[str, Pretraining], arms: Mapping[str, Training | FineTuning]
) -> bool | None:
    """Whether a model takes images; None: it is not made from one that is trained here."""
    passed: set[str] = set()
    name = arm_of(model)
    while name in arms and name not in passed:
        passed.add(name)
        name = arm_of(arms[name].start)
    return None if name not in pretrain else pretrain[name].architecture.vision is not None


def _compare_model(key: str, template: str, model: str, sees: bool | None) -> Iterator[str]:
    if _shows_image(template) and sees is False:
        yield (
            f"{key} = {model!r}: takes no images, which template {template!r} shows; use a "
            "model of family qwen2_5_vl, or another template"
        )
