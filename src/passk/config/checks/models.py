"""Fetched models that are at hand: contexts, and engines that cannot compute them.

Only what is certain by a model's configuration is said here, before any work; prompts are counted
when a draw starts. Of a folder its own `config.json` is read, with the changes of `fetch.*.config`;
of a repository that of the model as it was fetched.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from passk.config import paths
from passk.config.checks.lengths import find_origin
from passk.config.schema import Study
from passk.core.files import FileError, read_json
from passk.models.configuration import ConfigurationError, change_config
from passk.models.fetch_settings import Fetch
from passk.sampling.architectures import longest_sequence
from passk.sampling.engines.registry import ENGINES


class _Use(NamedTuple):
    """A draw or an arm that samples a model."""

    key: str
    model: str
    engine: str
    new_tokens: int
    context: int | None


def find_model_faults(study: Study) -> Iterator[str]:
    """Responses that no context holds, and engines that would sample a model wrongly."""
    for use in _list_uses(study):
        origin = find_origin(study, use.model)
        fetched = study.fetch.get(origin)
        if fetched is None:
            continue
        yield from _own_context(use)
        config = _read_config(study, origin, fetched)
        if config is not None:
            yield from _contexts(use, fetched.source, config)
            # A sequence has a prompt too, of one token at least.
            objection = ENGINES[use.engine].objects(config, use.new_tokens + 1)
            if objection is not None:
                yield f"{use.key}.engine = {use.engine!r}: {fetched.source}: {objection}"


def _list_uses(study: Study) -> Iterator[_Use]:
    for name, draw in study.draws.items():
        if draw.max_new_tokens is not None:
            yield _Use(f"draws.{name}", draw.model, draw.engine, draw.max_new_tokens, draw.context)
    for name, arm in study.train.items():
        yield _Use(f"train.{name}", arm.start, arm.engine, arm.max_new_tokens, None)


def _own_context(use: _Use) -> Iterator[str]:
    if use.context is not None and use.new_tokens >= use.context:
        yield (
            f"{use.key}.max_new_tokens = {use.new_tokens}: its context of {use.context} holds "
            f"prompt and response; legal: below {use.context}, less the prompt"
        )


def _contexts(use: _Use, source: str, config: Mapping[str, Any]) -> Iterator[str]:
    own = longest_sequence(config)
    if own is None:
        return
    if use.context is not None and use.context > own:
        yield (
            f"{use.key}.context = {use.context}: {source} has {own} positions; legal: at most {own}"
        )
    elif use.new_tokens >= own:
        yield (
            f"{use.key}.max_new_tokens = {use.new_tokens}: {source} holds {own} tokens, "
            f"prompt and response; legal: below {own}, less the prompt"
        )


def _read_config(study: Study, name: str, fetched: Fetch) -> dict[str, Any] | None:
    """The configuration of a fetched model; None where it is not at hand, or not readable."""
    folder = paths.model(study.study, name)
    if fetched.folder:
        folder = Path(fetched.source).expanduser()
    try:
        config = dict(read_json(folder / "config.json", "mend it"))
        return change_config(config, fetched.config) if fetched.folder else config
    except (FileError, ConfigurationError, TypeError, ValueError):
        return None  # the stage `fetch` says what is wrong
