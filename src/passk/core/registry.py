"""Named things of one kind: those of this package, and those that other packages bring.

A registry lists its own things as `module:attribute` and imports one when it is asked for, so that
nobody pays for what is not used. Other packages add to it by an entry point of the registry's
group, in their own `pyproject.toml`; nothing here is edited:

    [project.entry-points."passk.algorithms"]
    mine = "my_package.mine:MINE"

Example:
    >>> codecs = Registry("codec", "passk.codecs", {"utf-8": "codecs:utf_8_encode"})
    >>> codecs["utf-8"]("a")
    (b'a', 1)
    >>> "utf8" in codecs
    False
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar, cast

from passk.core.legal import suggest


class UnknownNameError(ValueError):
    """A registry has nothing of that name; the message lists the legal ones, the nearest first."""


T = TypeVar("T")


class Registry(Mapping[str, T]):
    """Things of one kind by name, in a stable order: built-in ones first.

    Args:
        kind: what one is called in messages, e.g. `algorithm`.
        group: the entry points' group, e.g. `passk.algorithms`.
        builtin: name -> `module:attribute`.
    """

    def __init__(self, kind: str, group: str, builtin: Mapping[str, str]) -> None:
        self.kind, self.group = kind, group
        self._builtin = dict(builtin)
        self._loaded: dict[str, T] = {}

    def __getitem__(self, name: str) -> T:
        """The thing of a name.

        Raises:
            UnknownNameError: there is none.
        """
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        return name in self._builtin or name in self._brought

    def __iter__(self) -> Iterator[str]:
        yield from self._builtin
        yield from (name for name in sorted(self._brought) if name not in self._builtin)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def target(self, name: str) -> str:
        """Where a name's thing is: `module:attribute`; nothing is imported.

        Raises:
            UnknownNameError: there is none.
        """
        if name in self._builtin:
            return self._builtin[name]
        if name in self._brought:
            return self._brought[name].value
        raise UnknownNameError(f"{self.kind} {name!r} is unknown; {suggest(name, self)}")

    def _load(self, name: str) -> T:
        if target := self._builtin.get(name):
            module, _, attribute = target.partition(":")
            return cast("T", getattr(import_module(module), attribute))
        if name in self._brought:
            return cast("T", self._brought[name].load())
        raise UnknownNameError(f"{self.kind} {name!r} is unknown; {suggest(name, self)}")

    @cached_property
    def _brought(self) -> Mapping[str, EntryPoint]:
        """Entry points of installed packages; read only where a built-in name does not do."""
        return {point.name: point for point in entry_points(group=self.group)}
