"""What training asks: problems of a set, rendered with the start model's tokenizer and images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from passk.data.prompts import ChatTokenizer, encode, render, template
from passk.domains.grading import Reference
from passk.domains.registry import DOMAINS
from passk.models.image_inputs import ImageEncoder, VisionError

if TYPE_CHECKING:
    from passk.models.image_inputs import ImageInputs


class TaskError(ValueError):
    """Problems, template and start model do not go together; the message names the remedy."""


@dataclass(frozen=True)
class TrainingProblem:
    """A row of the problem table, as far as training reads it.

    Attributes:
        domain: whose judge gives the reward.
        question, starter_code: all that a prompt shows besides the image.
        reference: what responses are judged by.
        level: step of the difficulty ladder, which a tag level-N states, or None.
        image: PNG, or None.
    """

    domain: str
    question: str
    starter_code: str | None
    reference: Reference
    level: int | None
    image: bytes | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """The problem of a row of the problem table."""
        return cls(
            domain=row["domain"],
            question=row["question"],
            starter_code=row["starter_code"],
            reference=Reference.of(row),
            level=_parse_level(row["tags"] or []),
            image=row["image_bytes"],
        )


@dataclass(frozen=True)
class Task:
    """A problem as the trainer sees it.

    Attributes:
        problem_id: names the random streams of its rollouts.
        prompt_ids: the rendered prompt, placeholders of its image expanded.
        gold: what responses are judged by, an answer or tests; only the reward reads it.
        question: the question's text; only the reward reads it.
        level: step of the difficulty ladder, or None; only the curriculum reads it.
        image: the image that the prompt holds, or None.
    """

    problem_id: str
    prompt_ids: tuple[int, ...]
    gold: str
    question: str = ""
    level: int | None = None
    image: "ImageInputs | None" = None


def make_task(
    problem: TrainingProblem,
    template_name: str,
    tokenizer: ChatTokenizer,
    encoder: ImageEncoder | None = None,
) -> Task:
    """Render a problem under a template; the prompt reads no answer.

    Args:
        problem: to be rendered.
        template_name: of its prompt.
        tokenizer: the start model's.
        encoder: of a start model that takes images, under a template that shows them.

    Raises:
        TaskError: the prompt has no placeholder for its image, or more than one.
    """
    visible = {"question": problem.question, "starter_code": problem.starter_code}
    prompt = render(template_name, visible, tokenizer)
    ids = encode(template_name, prompt, tokenizer)
    image = None
    problem_id = problem.reference.problem_id
    if encoder is not None:
        assert problem.image is not None, "checked by `find_encoder`"
        image = encoder.encode(problem.image)
        try:
            ids = encoder.expand(ids, image.tokens)
        except VisionError as error:
            raise TaskError(f"problem {problem_id}: {error}") from error
    return Task(
        problem_id,
        tuple(ids),
        DOMAINS[problem.domain].gold(problem.reference),
        question=problem.question,
        level=problem.level,
        image=image,
    )


def find_encoder(
    problems: Sequence[TrainingProblem], template_name: str, start: Path, key: str
) -> ImageEncoder | None:
    """What shows images to the start model; None where the template shows none.

    Args:
        problems: of the training set.
        template_name: of their prompts.
        start: folder of the start model.
        key: of the arm in the parameters, for messages, e.g. `train.grpo`.

    Raises:
        TaskError: template, problems and model do not agree on whether there are images.
    """
    shows_images = template(template_name).image
    misfits = [problem for problem in problems if (problem.image is not None) != shows_images]
    if misfits:
        has = "has no image, which" if shows_images else "has an image, and"
        raise TaskError(
            f"{key}.set: problem {misfits[0].reference.problem_id} {has} template "
            f"{template_name!r} {'shows' if shows_images else 'shows none'} ({len(misfits)} "
            "problem(s) in all); filter the set by `image_present`, or use another template"
        )
    encoder = ImageEncoder.of(start) if shows_images else None
    if shows_images and encoder is None:
        raise TaskError(
            f"{key}.start: {start} takes no images; start from a model with a vision tower and an "
            "image processor (preprocessor_config.json)"
        )
    return encoder


def find_domain(problems: Sequence[TrainingProblem], key: str) -> str:
    """The one domain of a training set.

    Raises:
        TaskError: there are several.
    """
    domains = sorted({problem.domain for problem in problems})
    if len(domains) > 1:
        raise TaskError(
            f"{key}.set: its problems are of several domains, {', '.join(domains)}; an arm trains "
            "on one"
        )
    return domains[0]


def _parse_level(tags: Sequence[str]) -> int | None:
    """The difficulty that a tag level-N states."""
    levels = [tag.removeprefix("level-") for tag in tags if tag.startswith("level-")]
    return int(levels[0]) if levels and levels[0].isdecimal() else None
