"""What the page knows of domains: how a question of one is shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from passk.core.registry import Registry
from passk.report.html.images import InlineImage


@dataclass(frozen=True)
class ShownQuestion:
    """A question as the page shows it.

    Attributes:
        text: as the problem has it.
        choices: what may be answered; empty where the answer is free or the text lists them.
        image: what the question is about, or None.
    """

    text: str
    choices: tuple[str, ...] = ()
    image: InlineImage | None = None


# A row of the result table `examples` -> its question. Keyed by domain.
Renderer = Callable[[Mapping[str, Any]], ShownQuestion]

EXAMPLE_RENDERERS: Registry[Renderer] = Registry(
    "example renderer",
    "passk.example_renderers",
    {
        "math": "passk.report.questions:render_text",
        "code": "passk.report.questions:render_text",
        "visual": "passk.report.questions:render_image",
    },
)
