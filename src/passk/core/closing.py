"""Context managers that close themselves: the one `__exit__` of this package."""

from typing import Self


class Closing:
    """A base for what has to be closed: `with Thing() as thing: ...` calls `thing.close()`.

    Example:
        >>> class Door(Closing):
        ...     is_open = True
        ...
        ...     def close(self):
        ...         self.is_open = False
        >>> with Door() as door:
        ...     print(door.is_open)
        True
        >>> door.is_open
        False
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End what was begun; a second call does nothing."""
        raise NotImplementedError
