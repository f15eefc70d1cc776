"""Options of a model's chat template: what a draw hands on, as `enable_thinking: false`.

One option is passk's own to read: `chat_template` names the markup for a model whose tokenizer has
none, such as a base model: a file of `chat_templates/` by its name, or one of a study's own by its
path. All others go to the model's chat template as they are; it alone knows them.

Example:
    >>> read_options({"enable_thinking": False})
    {'enable_thinking': False}
    >>> list(option_faults("draws.base.template_options", {"chat_template": "chatlm"}))[0][:69]
    "draws.base.template_options.chat_template = 'chatlm': unknown; did yo"
"""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from passk.core.legal import suggest

CHAT_TEMPLATE = "chat_template"
_FOLDER = Path(__file__).parent / "chat_templates"
# What `render` decides itself: an option of this name would make another prompt than is recorded.
_RESERVED = (
    "conversation", "messages", "tokenize", "add_generation_prompt", "continue_final_message",
    "return_tensors", "return_dict", "padding", "truncation", "max_length",
)  # fmt: skip


class ChatOptionError(ValueError):
    """An option that no chat template is given; the message says what is legal."""


@cache
def chat_templates() -> dict[str, Path]:
    """The chat templates of this package by name."""
    return {path.stem: path for path in sorted(_FOLDER.glob("*.jinja"))}


def chat_template_file(name: str) -> Path:
    """The file of a chat template, by its name or its path; it need not exist."""
    return Path(name) if _is_path(name) else _FOLDER / f"{name}.jinja"


def read_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options as `apply_chat_template` takes them: the text of a named chat template.

    Raises:
        ChatOptionError: a name of no chat template, an unreadable file, or an option that
            rendering decides itself.
    """
    for fault in option_faults("template_options", options):
        raise ChatOptionError(fault)
    given = dict(options)
    if CHAT_TEMPLATE in given:
        given[CHAT_TEMPLATE] = chat_template_file(given[CHAT_TEMPLATE]).read_text("utf-8")
    return given


def option_faults(key: str, options: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with options, one line each; nothing where they are legal."""
    for option in options:
        if option in _RESERVED:
            yield f"{key}.{option}: is decided by passk; remove it"
    name = options.get(CHAT_TEMPLATE)
    if name is None:
        return
    at = f"{key}.{CHAT_TEMPLATE} = {name!r}"
    if not isinstance(name, str):
        yield f"{at}: legal: a name ({', '.join(chat_templates())}), or the path of a .jinja file"
    elif _is_path(name):
        if not Path(name).is_file():
            yield f"{at}: no such file; correct the path"
    elif name not in chat_templates():
        yield f"{at}: unknown; {suggest(name, chat_templates())}, or the path of a .jinja file"


def _is_path(name: str) -> bool:
    return "/" in name or name.endswith(".jinja")
