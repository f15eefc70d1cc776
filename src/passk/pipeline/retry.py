"""Waiting for another run: DVC refuses files that another process reads or writes at the moment."""

import sys
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_PAUSE = 0.5  # seconds between tries


def blocked(error: BaseException | None) -> bool:
    """Whether an error comes from a file that another process holds, at any depth of its causes."""
    from dvc.lock import LockError

    while error is not None:
        if isinstance(error, LockError):
            return True
        error = error.__cause__ or error.__context__
    return False


def patiently(action: Callable[[], T]) -> T:
    """The action's result; where another run is in the way, wait for it and try again."""
    announced = False
    while True:
        try:
            return action()
        except Exception as error:
            if not blocked(error):
                raise
        if not announced:
            print("passk: another run works on the same files; waiting for it", file=sys.stderr)
            announced = True
        time.sleep(_PAUSE)
