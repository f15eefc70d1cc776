"""Linux's means of confining a process, called directly; runs inside the sandbox.

Python 3.11 has neither `unshare` nor `mount`. Constants are the kernel's, of x86-64 and AArch64.
"""

import ctypes
import os
import platform
import resource
import signal
import struct

from passk.domains.code.sandbox import calls

# Flags of clone.
_NEW_PROCESSES, _NEW_MOUNTS, _SAME_PARENT, _SETTID = 0x20000000, 0x20000, 0x8000, 0x01000000
_NOSUID_NODEV, _REMOUNT, _PRIVATE = 0x2 | 0x4, 0x20, 0x4000 | 0x40000  # flags of mount
_BIND, _READ_ONLY = 0x1000, 0x1
# What a mount keeps when it is mounted again: no set-user-ID, devices, execution, times of access.
_KEPT, _RELATIVE_TIMES, _STATED_RELATIVE_TIMES = 0x2 | 0x4 | 0x8 | 0x400 | 0x800, 1 << 21, 0x1000
_NO_NEW_PRIVS, _SECCOMP, _DEATH_SIGNAL, _TID_ADDRESS, _SUBREAPER = 38, 22, 1, 40, 36  # of prctl
_DUMPABLE = 4
_ARENA_MAX = -8  # of mallopt

DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")

_ARM = platform.machine() == "aarch64"
_CLONE, _CAPSET = (220, 91) if _ARM else (56, 126)

_libc = ctypes.PyDLL(None, use_errno=True)  # PyDLL: the lock is held across a fork
_libc.syscall.restype = ctypes.c_long
_libc.mount.argtypes = [ctypes.c_char_p] * 3 + [ctypes.c_ulong, ctypes.c_char_p]


def _long(value: int) -> ctypes.c_ulong:
    return ctypes.c_ulong(value)


def _check(returned: int, what: str) -> None:
    if returned:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _prctl(option: int, *values: int) -> None:
    given = [_long(value) for value in (*values, 0, 0, 0, 0)[:4]]
    _check(_libc.prctl(option, *given), f"prctl {option}")


def keep_mounts() -> None:
    """Once, in the server: what guests mount stays theirs, and nobody changes a device's times."""
    _check(_libc.mount(None, b"/", None, _PRIVATE, None), "mounts of its own")
    for device in DEVICES:
        state = os.statvfs(device).f_flag
        kept = state & _KEPT | (_RELATIVE_TIMES if state & _STATED_RELATIVE_TIMES else 0)
        flags = _REMOUNT | _BIND | _READ_ONLY | kept
        _check(_libc.mount(None, device.encode(), None, flags, None), f"{device} read-only")


def _list_fork_arguments() -> tuple[ctypes.c_ulong, ...]:
    """No stack of its own, and where the C library keeps the thread's id.

    The kernel has to put it there; else the child would go by its parent's.
    """
    address = ctypes.c_ulong(0)
    _libc.prctl(_TID_ADDRESS, ctypes.byref(address), *[_long(0)] * 3)
    ids = (_long(0), address) if _ARM else (address, _long(0))
    return _long(0), _long(0), *ids


_FORK_ARGUMENTS = _list_fork_arguments()
# An older kernel does not tell the address.
_FORK_FLAGS = signal.SIGCHLD | (_SETTID if any(place.value for place in _FORK_ARGUMENTS) else 0)


def fork(*, confined: bool = False, sibling: bool = False) -> int:
    """As `os.fork`, but cheaper: nothing runs in the child that a single-threaded one can miss.

    Args:
        confined: into namespaces of processes (the child is process 1) and mounts.
        sibling: the child is the parent's of this process, which may so wait for it.

    Raises:
        OSError: the kernel refuses.
    """
    flags = _FORK_FLAGS | (_SAME_PARENT if sibling else 0)
    flags |= _NEW_PROCESSES | _NEW_MOUNTS if confined else 0
    pid: int = _libc.syscall(_long(_CLONE), _long(flags), *_FORK_ARGUMENTS)
    if pid < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"a new process: {os.strerror(number)}")
    return pid


def mount_files(size: int, entries: int, *, again: bool = False) -> None:
    """In a new child: an empty /tmp, its current folder.

    Args:
        size: bytes that it may hold.
        entries: files and folders that it may hold.
        again: it is mounted and gets another size.

    Raises:
        OSError: the kernel refuses.
    """
    options = f"size={size},nr_inodes={entries},mode=1777"
    flags = _NOSUID_NODEV | (_REMOUNT if again else 0)
    failed = _libc.mount(b"tmpfs", b"/tmp", b"tmpfs", flags, options.encode())
    _check(failed, "mount of /tmp")
    os.chdir("/tmp")


def drop_privileges(user: int | None) -> None:
    """Become another user, without capabilities.

    Args:
        user: who to become, where the server is the host's root; nobody else is this user.

    Raises:
        OSError: the kernel refuses.
    """
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    header = struct.pack("Ii", 0x20080522, 0)
    no_capability = struct.pack("6I", 0, 0, 0, 0, 0, 0)
    _check(_libc.syscall(_long(_CAPSET), header, no_capability), "capset")


def limit(
    cpu: float, address_space: int, processes: int | None, file_size: int, files: int
) -> None:
    """Limits of this process and all that it starts; nothing raises them again.

    Args:
        cpu: seconds of each process; a backstop, as the server watches the whole tree.
        address_space: bytes.
        processes: processes and threads of this user (in this user namespace), or None.
        file_size: bytes of a file.
        files: open files.
    """
    limits = [
        (resource.RLIMIT_CPU, int(cpu) + 2),
        (resource.RLIMIT_AS, address_space),
        (resource.RLIMIT_FSIZE, file_size),
        (resource.RLIMIT_NOFILE, files),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_SIGPENDING, 64),
    ]
    if processes is not None:
        limits.append((resource.RLIMIT_NPROC, processes))
    for kind, value in limits:
        _, hard = resource.getrlimit(kind)
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (allowed, allowed))


_FILTERS = {
    supervisor: ctypes.create_string_buffer(calls.build_filter(supervisor=supervisor))
    for supervisor in (False, True)
}
_PROGRAMS = {
    supervisor: struct.pack("HxxxxxxP", (len(code) - 1) // 8, ctypes.addressof(code))
    for supervisor, code in _FILTERS.items()
}


def use_one_heap() -> None:
    """From here on threads share the C library's heap.

    Each would else reserve 64 MiB of addresses for a heap of its own, and few fit in the limit.
    """
    _libc.mallopt(_ARENA_MAX, 1)


def filter_calls(*, supervisor: bool = False) -> None:
    """From here on this process, and what it starts, may make only the calls of `calls`."""
    _prctl(_NO_NEW_PRIVS, 1)
    program = _PROGRAMS[supervisor]
    _check(_libc.prctl(_SECCOMP, _long(2), program, _long(0), _long(0)), "seccomp")


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent has ended."""
    _prctl(_SUBREAPER, 1)


def die_with_parent() -> None:
    """Be killed when the parent ends."""
    _prctl(_DEATH_SIGNAL, signal.SIGKILL)


def keep_from_tracers() -> None:
    """No process without privilege may trace this one or read its memory."""
    _prctl(_DUMPABLE, 0)
