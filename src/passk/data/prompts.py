r"""Prompts: a template and a problem, rendered.

A template is a YAML file: one of `templates/`, by its name, or one of a study's own, by its path.

Only what is asked (`passk.core.schemas.problems.ASKED`) is looked at: changing a problem's answer
or tests changes no byte of any prompt. Markup of chat templates comes from the model's tokenizer.

Example:
    >>> render("plain", {"question": "f(12)"})
    'f(12)\n'
    >>> render("oat", {"question": "1+1?"}, tokenizer=None)
    Traceback (most recent call last):
    passk.data.prompts.PromptError: template 'oat' is a chat: it needs the model's tokenizer
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from passk.core.legal import suggest, unknown
from passk.core.yaml_files import ParameterError, is_path, read
from passk.data.chat_options import ChatOptionError, read_options

_FOLDER = Path(__file__).parent / "templates"
_CLOCK = datetime(2024, 7, 26, 12, tzinfo=UTC)


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
    """A file of `templates/`."""

    model_config = ConfigDict(extra="forbid")

    source: str | None = Field(
        default=None, description="Where the wording comes from; null: unverified."
    )
    chat: bool = Field(
        description="true: messages, with the markup of the model's own chat template; false: "
        "plain text, no markup, and the tokenizer's own special tokens are added."
    )
    system: str | None = Field(default=None, description="System message; null: none.")
    user: str = Field(
        description="User message, or the whole plain text; {question} is the question. With "
        "`format`, {format} is one of its two texts, by whether the problem has starter code, and "
        "{starter_code} is that code."
    )
    prefix: str | None = Field(
        default=None,
        description="The beginning of the answer, put into the model's mouth; null: none.",
    )
    image: bool = Field(
        default=False, description="Whether the image stands before the user's text."
    )
    format: Format | None = Field(default=None, description="Texts by starter code; null: none.")

    @field_validator("user")
    @classmethod
    def _asks(cls, user: str) -> str:
        if "{question}" not in user:
            raise ValueError("it has no place for the question; write {question} where it stands")
        return user

    @property
    def verified(self) -> bool:
        """Whether the wording has a source."""
        return self.source is not None


@cache
def templates() -> dict[str, Template]:
    """The templates of this package by name."""
    return {path.stem: read_template(path) for path in sorted(_FOLDER.glob("*.yaml"))}


def template_file(name: str) -> Path:
    """The file of a template, which need not exist."""
    return Path(name) if is_path(name) else _FOLDER / f"{name}.yaml"


def template(name: str) -> Template:
    """A template by its name, or by the path of a file of the same form.

    Raises:
        PromptError: no such template (it names the legal ones), or a file that is none.
    """
    if is_path(name):
        return _read(Path(name), _identity(Path(name)))
    if name not in (known := templates()):
        raise PromptError(f"template {name!r} is unknown; {suggest(name, known)}")
    return known[name]


def template_faults(key: str, name: str) -> Iterator[str]:
    """The fault of a parameter that names no template; nothing where it does."""
    if is_path(name):
        try:
            read_template(Path(name))
        except PromptError as error:
            yield f"{key} = {name!r}: {error}"
    else:
        yield from unknown(key, name, templates(), "template")


@lru_cache(maxsize=64)
def _read(path: Path, identity: tuple[int, ...]) -> Template:
    # By `identity`, for a relative path names another file in another folder, or after a change.
    return read_template(path)


def _identity(path: Path) -> tuple[int, ...]:
    try:
        stat = path.stat()
    except OSError:  # read_template names the fault
        return ()
    return stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_size


def read_template(path: Path) -> Template:
    """A template's file as it is now, with every default filled in.

    Raises:
        PromptError: it is no template.
    """
    try:
        return Template.model_validate(read(path))
    except (ParameterError, ValidationError) as error:
        raise PromptError(f"template {path}: {error}") from error


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
    """The chat messages of a problem; an image is a placeholder before the user's text."""
    form = template(name)
    text = _user_text(form, problem)
    content: Any = text
    if form.image:
        content = [{"type": "image"}, {"type": "text", "text": text}]
    first = [{"role": "system", "content": form.system}] if form.system is not None else []
    return [*first, {"role": "user", "content": content}]


def render(
    name: str,
    problem: Mapping[str, Any],
    tokenizer: ChatTokenizer | None = None,
    options: Mapping[str, Any] | None = None,
) -> str:
    """The prompt as the model sees it.

    Args:
        name: of the template, or its path.
        problem: of its columns only `question` and `starter_code` are read.
        tokenizer: the model's; only chat templates need it.
        options: of the chat template, e.g. `enable_thinking: false`; see `chat_options`.

    Raises:
        PromptError: unknown template, a tokenizer that has no chat template, or a chat template
            that does not show the question.
    """
    form = template(name)
    if not form.chat:
        return _user_text(form, problem) + (form.prefix or "")
    if tokenizer is None:
        raise PromptError(f"template {name!r} is a chat: it needs the model's tokenizer")
    try:
        given = read_options(options or {})
    except ChatOptionError as error:
        raise PromptError(f"template {name!r}: {error}") from error
    if not given.get("chat_template") and not getattr(tokenizer, "chat_template", None):
        plain = [key for key, known in templates().items() if not known.chat]
        raise PromptError(
            f"template {name!r} is a chat, but the model's tokenizer has no chat template; use a "
            f"plain one: {', '.join(plain)}, or give it one: template_options: "
            "{chat_template: chatml}"
        )
    text: str = tokenizer.apply_chat_template(
        messages(name, problem),
        tokenize=False,
        add_generation_prompt=True,
        **{"strftime_now": tell_date, **given},
    )
    if (asked := _user_text(form, problem).strip()) not in text:
        raise PromptError(
            f"template {name!r}: the model's chat template does not show the question "
            f"{asked[:40]!r} as it is; use another template, or give the model another chat "
            "template: template_options: {chat_template: chatml}"
        )
    return text + (form.prefix or "")


def tell_date(form: str) -> str:
    """The time by the clock of all chat templates that ask for one, which stands still.

    Llama 3.2, Mistral Small and Granite write today's date into a prompt. It is the day that Llama
    3.2 writes where there is no clock.

    Example:
        >>> tell_date("%d %b %Y")
        '26 Jul 2024'
    """
    return _CLOCK.strftime(form)


def encode(name: str, prompt: str, tokenizer: ChatTokenizer) -> Sequence[int]:
    """Token ids of a rendered prompt.

    A chat template writes all special tokens itself; before plain text the tokenizer puts its own
    (Llama's begin-of-text; none for Qwen2).
    """
    return tokenizer.encode(prompt, add_special_tokens=not template(name).chat)
