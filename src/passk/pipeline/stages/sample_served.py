"""Draws of a model on a server: what they depend on, and what the server is asked."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from passk.data.prompts import messages, render, template
from passk.models.served import read_served
from passk.pipeline.stages.job import StageError
from passk.sampling.engines.registry import ENGINES
from passk.sampling.settings import Draw


def make_served_recipe(draw: Draw, folder: Path, seed: int) -> dict[str, Any]:
    """All that the samples of a draw depend on, but prompts, images and their number."""
    assert draw.template is not None, "checked by the schema"
    return {
        "served": read_served(folder).digest,
        "temperature": draw.temperature,
        "top_p": draw.top_p if draw.temperature else 1.0,
        "max_new_tokens": draw.max_new_tokens,
        "seed": seed,
        "replicate": draw.replicate,
        "engine": draw.engine,
        "version": ENGINES[draw.engine].version,
        "plain": not template(draw.template).chat,
        "stop": sorted(draw.stop),
    }


def write_request(draw: Draw, problem: Mapping[str, Any]) -> str:
    """The prompt: plain text, or a chat's messages and options as JSON, for the server's markup.

    Raises:
        StageError: the template puts words into the model's mouth, which no server takes in a chat.
    """
    assert draw.template is not None, "checked by the schema"
    form = template(draw.template)
    if not form.chat:
        return render(draw.template, problem)
    if form.prefix:
        raise StageError(
            f"template {draw.template!r} begins the answer (`prefix`), which a chat on a server "
            "does not take; use one without"
        )
    chat: dict[str, Any] = {"messages": messages(draw.template, problem)}
    if draw.template_options:
        chat["chat_template_kwargs"] = draw.template_options
    return json.dumps(chat, ensure_ascii=False)
