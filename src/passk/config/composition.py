"""Composing `params.yaml` of `study.yaml`, and whether the two still agree.

`study.yaml` is what a person writes: docs/studies.md says what it may hold. `params.yaml` is what
DVC reads: every entry laid out, without anchors. Its head says from what it was composed. An edit
of `params.yaml` by hand is accepted, and named; a `study.yaml` that means something else since is
refused, as the run would not be of what it says.

Example:
    state = check_composed(Path())     # ParameterError where study.yaml changed since
    state.edited                       # ('draws.base.n',)
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from passk.config.composition_head import Head, content_digest, read_head
from passk.config.composition_sources import STUDY, Sources, read_sources
from passk.config.paths import PARAMS
from passk.config.pins import apply_pins
from passk.core.yaml_files import ParameterError, read

REMEDY = "run `passk compose`"


@dataclass(frozen=True)
class Composed:
    """What is known of a study's `params.yaml`.

    Attributes:
        sources: file or shipped name -> digest, as its head says; empty where it says nothing.
        edited: dotted keys whose values are not those that `study.yaml` composes.
    """

    sources: Mapping[str, str]
    edited: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """One line about edits by hand; empty where there are none."""
        if not self.edited:
            return ""
        verb = "differs" if len(self.edited) == 1 else "differ"
        return (
            f"{PARAMS} was edited since it was composed: {name_keys(self.edited)} {verb} from "
            f"{STUDY}"
        )


def name_keys(keys: Sequence[str]) -> str:
    """Keys in words, the first six of them."""
    return ", ".join(keys[:6]) + (f" and {len(keys) - 6} more" if len(keys) > 6 else "")


def compose(path: Path) -> dict[str, Any]:
    """The parameters that a `study.yaml` stands for: laid out, legal, defaults left out.

    Raises:
        ParameterError: every fault by key, value and what is legal.
    """
    return compose_sources(read_sources(path), path)


def compose_sources(sources: Sources, path: Path) -> dict[str, Any]:
    """As `compose`, of what is read already; paths in parameters begin in the file's folder."""
    # Building the schema takes longer than all else, and is idle where nothing changed.
    from passk.config.composition_layout import lay_out
    from passk.config.composition_text import state_defaults, trim
    from passk.config.study import validate

    with contextlib.chdir(path.parent):
        try:
            values = lay_out(sources.values)
            apply_pins(values, sources.pins)
        except ParameterError as error:
            raise ParameterError(f"{path}: {error}") from None
        state_defaults(values)
        return trim(values, validate(values, str(path)))


def compose_text(root: Path) -> str:
    """The text of `params.yaml` that the `study.yaml` of a folder composes."""
    from passk.config.composition_text import params_text

    sources = read_sources(root / STUDY)
    return params_text(compose_sources(sources, root / STUDY), sources.digests)


def check_composed(root: Path) -> Composed:
    """Whether `params.yaml` is what `study.yaml` composes; a study may have no `study.yaml`.

    Costs three small reads where nothing changed, a second or two where something did.

    Raises:
        ParameterError: `study.yaml`, or what it extends, composes something else since; names what
            changed and the command.
    """
    if not (root / STUDY).exists():
        return Composed({})
    if not (root / PARAMS).exists():
        raise ParameterError(f"{root / PARAMS}: not composed yet; {REMEDY}")
    head, params = read_head(root / PARAMS), read(root / PARAMS)
    sources = read_sources(root / STUDY)
    same_sources = head is not None and head.sources == sources.digests
    if head is not None and same_sources and head.content == content_digest(params):
        return Composed(head.sources)
    composed = compose_sources(sources, root / STUDY)
    if head is not None and not same_sources and head.content != content_digest(composed):
        raise ParameterError(_stale(root, head, sources, composed, params))
    return Composed(head.sources if head else {}, _differing(root, composed, params))


def find_edits(root: Path) -> tuple[str, ...]:
    """What composing anew would lose: keys of `params.yaml` that were edited by hand.

    Where its sources changed since, what was composed then is gone, and the keys cannot be told:
    the file itself is named.
    """
    if not (root / PARAMS).exists():
        return ()
    head, params = read_head(root / PARAMS), read(root / PARAMS)
    if head is not None and head.content == content_digest(params):
        return ()
    sources = read_sources(root / STUDY)
    keys = _differing(root, compose_sources(sources, root / STUDY), params)
    if head is not None and head.sources != sources.digests:
        return (f"{PARAMS}, as {STUDY} changed too",) if keys else ()
    return keys


def _stale(
    root: Path,
    head: Head,
    sources: Sources,
    composed: Mapping[str, Any],
    params: Mapping[str, Any],
) -> str:
    """Which source changed since, and what it moves."""
    changed = [n for n, digest in sources.digests.items() if head.sources.get(n) != digest]
    gone = [name for name in head.sources if name not in sources.digests]
    keys = _differing(root, composed, params)
    return (
        f"{root / PARAMS} was composed before {', '.join(changed or gone)} changed "
        f"({name_keys(keys) or 'its edits by hand'}); {REMEDY}"
    )


def _differing(
    root: Path, composed: Mapping[str, Any], params: Mapping[str, Any]
) -> tuple[str, ...]:
    """Dotted keys whose values differ, with defaults filled in where both are legal."""
    from passk.config.study import validate

    try:
        with contextlib.chdir(root):
            left = validate(composed).model_dump(mode="json")
            right = validate(params).model_dump(mode="json")
    except ParameterError:
        left, right = dict(composed), dict(params)
    return tuple(_paths(left, right, ""))


def _paths(left: Any, right: Any, location: str) -> Iterator[str]:  # noqa: ANN401
    """Dotted keys at which two values differ."""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        for key in {**left, **right}:
            at = f"{location}.{key}" if location else str(key)
            if key not in left or key not in right:
                yield at
            else:
                yield from _paths(left[key], right[key], at)
    elif left != right:
        yield location
