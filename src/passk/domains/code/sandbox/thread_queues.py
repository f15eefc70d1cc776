"""Queues of `multiprocessing` without a pipe or a semaphore; runs inside the sandbox.

Guests start no processes, so that whoever puts into such a queue and takes out of it are threads of
one process: a queue of threads does all that it can do there. `multiprocessing.pool.ThreadPool`,
which waits for one until its work has ended, works so. The only kernel object is an eventfd, which
guests may make anyway, and which has no number; see `event_pair`.
"""

import errno
import importlib
import os
import queue
from typing import Any, NoReturn

_MODULE = "multiprocessing"
_MADE_BY_CONTEXTS = ("SimpleQueue", "Queue", "JoinableQueue", "Pool")


class _Counter:
    """What a selector waits for: readable while the queue has something."""

    def __init__(self) -> None:
        self._file = os.eventfd(0, os.EFD_SEMAPHORE)

    def fileno(self) -> int:
        return self._file

    def add(self) -> None:
        os.eventfd_write(self._file, 1)

    def take(self) -> None:
        os.eventfd_read(self._file)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
        self._file = -1

    __del__ = close


class _SimpleQueue:
    """As `multiprocessing.SimpleQueue`."""

    def __init__(self) -> None:
        self._items: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._reader = _Counter()

    def put(self, item: object) -> None:
        self._items.put(item)
        self._reader.add()

    def get(self) -> object:
        item = self._items.get()
        self._reader.take()
        return item

    def empty(self) -> bool:
        return self._items.empty()

    def close(self) -> None:
        self._reader.close()


class _Queue(queue.Queue[Any]):
    """As `multiprocessing.JoinableQueue`, whose thread that feeds a pipe is not needed."""

    def close(self) -> None:
        """Nothing is open."""

    def join_thread(self) -> None:
        """There is none."""

    cancel_join_thread = join_thread


def _refuse(*_: object, **__: object) -> NoReturn:
    raise PermissionError(errno.EPERM, "programs start no processes")


def may_need(source: str, prelude: bytes) -> bool:
    """Whether a program names the module; cheap."""
    return _MODULE in source or _MODULE.encode() in prelude


def replace() -> None:
    """Have every context of `multiprocessing` make such queues, and shared values in /tmp."""
    package = importlib.import_module(_MODULE)
    context = importlib.import_module(f"{_MODULE}.context")
    heap = importlib.import_module(f"{_MODULE}.heap")
    base = context.BaseContext
    base.Pool = _refuse
    base.SimpleQueue = lambda self: _SimpleQueue()
    base.Queue = base.JoinableQueue = lambda self, maxsize=0: _Queue(maxsize)
    for name in _MADE_BY_CONTEXTS:
        setattr(package, name, getattr(context._default_context, name))
    heap.Arena._dir_candidates = []  # of /dev/shm, which guests do not have
