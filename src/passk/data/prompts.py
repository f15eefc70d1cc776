r"""Prompts: a template of `templates.yaml` and a problem, rendered.

Only what is asked (`passk.core.schemas.problems.ASKED`) is looked at: changing a problem's answer
or tests changes no byte of any prompt. Markup of chat templates comes from the model's tokenizer.

Example:
    >>> render("plain", {"question": "f(12)"})
    'f(12)\n'
    >>> render("oat", {"question": "1+1?"}, tokenizer=None)
    Traceback (most recent call last):
    passk.data.prompts.PromptError: template 'oat' is a chat: it needs the model's tokenizer
"""

import difflib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field
from ruamel.yaml import YAML


class PromptError(ValueError):
    """A prompt cannot be rendered; the message names the template and the remedy."""


class ChatTokenizer(Protocol):
    """What is needed of a Hugging Face tokenizer."""

    chat_template: Any

    def apply_chat_template(self, conversation: Any, **options: Any) -> Any:  # noqa: ANN401
        """Render messages with the model's markup."""

    def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
        """Token ids of a text."""


class Format(BaseModel):
    """Texts chosen by whether a problem has starter code."""

    model_config = ConfigDict(extra="forbid")

    with_starter_code: str
    without: str
    no_code: str


class Template(BaseModel):
    """One entry of `templates.yaml`, where the keys are explained."""

    model_config = ConfigDict(extra="forbid")

    source: str | None
    chat: bool
    system: str | None
    user: str
    prefix: str | None
    image: bool = False
    format: Format | None = Field(default=None)

    @property
    def verified(self) -> bool:
        """Whether the wording has a source."""
        return self.source is not None


@cache
def templates() -> dict[str, Template]:
    """All templates by name."""
    text = resources.files(__package__).joinpath("templates.yaml").read_text(encoding="utf-8")
    return {
        name: Template.model_validate(entry)
        for name, entry in YAML(typ="safe", pure=True).load(text).items()
    }


def template(name: str) -> Template:
    """A template, or PromptError with the legal names."""
    if name not in (known := templates()):
        near = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise PromptError(f"template {name!r} is unknown; {hint}legal: {', '.join(known)}")
    return known[name]


def _user_text(form: Template, problem: Mapping[str, Any]) -> str:
    # Replaced one by one, not by str.format: questions and templates hold braces of their own.
    text = form.user
    if form.format:
        code = problem.get("starter_code")
        text = text.replace(
            "{format}", form.format.with_starter_code if code else form.format.without
        )
        before, after = text.split("{starter_code}")
        before = before.replace("{question}", problem["question"])
        return before + (code or form.format.no_code) + after
    return text.replace("{question}", problem["question"])


def messages(name: str, problem: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The chat messages of a problem; a picture is a placeholder before the user's text."""
    form = template(name)
    text = _user_text(form, problem)
    content: Any = text
    if form.image:
        content = [{"type": "image"}, {"type": "text", "text": text}]
    first = [{"role": "system", "content": form.system}] if form.system is not None else []
    return [*first, {"role": "user", "content": content}]


def render(name: str, problem: Mapping[str, Any], tokenizer: ChatTokenizer | None = None) -> str:
    """The prompt as the model sees it.

    Args:
        name: a key of `templates.yaml`.
        problem: of its columns only `question` and `starter_code` are read.
        tokenizer: the model's; only chat templates need it.

    Raises:
        PromptError: unknown template, or a tokenizer that has no chat template.
    """
    form = template(name)
    if not form.chat:
        return _user_text(form, problem) + (form.prefix or "")
    if tokenizer is None:
        raise PromptError(f"template {name!r} is a chat: it needs the model's tokenizer")
    if not getattr(tokenizer, "chat_template", None):
        raise PromptError(
            f"template {name!r} is a chat, but the model's tokenizer has no chat template; use a "
            f"plain one: {', '.join(key for key, one in templates().items() if not one.chat)}"
        )
    text: str = tokenizer.apply_chat_template(
        messages(name, problem), tokenize=False, add_generation_prompt=True
    )
    return text + (form.prefix or "")


def encode(name: str, prompt: str, tokenizer: ChatTokenizer) -> Sequence[int]:
    """Token ids of a rendered prompt.

    A chat template writes all special tokens itself; before plain text the tokenizer puts its own
    (Llama's begin-of-text; none for Qwen2).
    """
    return tokenizer.encode(prompt, add_special_tokens=not template(name).chat)
