"""Linux's means of confining a process, called directly; runs inside the sandbox.

Python 3.11 has neither `unshare` nor `mount`. Constants are the kernel's, of x86-64 and AArch64.
"""

import ctypes
import os
import platform
import resource
import signal
import struct

_NEW_PROCESSES, _NEW_MOUNTS, _SETTID = 0x20000000, 0x00020000, 0x01000000  # flags of clone
_NOSUID_NODEV, _PRIVATE = 0x2 | 0x4, 0x4000 | 0x40000  # flags of mount
_NO_NEW_PRIVS, _SECCOMP, _DEATH_SIGNAL, _TID_ADDRESS, _SUBREAPER = 38, 22, 1, 40, 36  # of prctl
_DUMPABLE = 4

_ARM = platform.machine() == "aarch64"
_AUDIT = 0xC00000B7 if _ARM else 0xC000003E  # what seccomp calls the architecture
_CLONE, _CLONE3, _CAPSET = (220, 435, 91) if _ARM else (56, 435, 126)
# What no program under test needs and what kernels were broken through: x86-64, AArch64.
_DENIED = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "memfd_create": (319, 279),  # memory that no limit of a process counts; so are these two
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),  # queues and semaphores would outlive their program
    "semget": (64, 190),
    "mq_open": (240, 180),
    "personality": (135, 92),
    "quotactl": (179, 60),
    "syslog": (103, 116),
}
_NAMESPACES = 0x7E020080  # every flag of clone that makes a namespace

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
    """Once, in the server: what guests mount stays theirs."""
    _check(_libc.mount(None, b"/", None, _PRIVATE, None), "mounts of its own")


def fork_confined() -> int:
    """Fork into namespaces of processes (the child is process 1) and mounts; as `os.fork`.

    Raises:
        OSError: the kernel refuses.
    """
    flags = _NEW_PROCESSES | _NEW_MOUNTS | signal.SIGCHLD
    # The C library keeps a thread's id where the kernel is told to put it; without that, the
    # child would go by its parent's.
    address = ctypes.c_ulong(0)
    if _libc.prctl(_TID_ADDRESS, ctypes.byref(address), _long(0), _long(0), _long(0)) == 0:
        flags |= _SETTID
    last = (_long(0), address) if _ARM else (address, _long(0))
    pid: int = _libc.syscall(_long(_CLONE), _long(flags), _long(0), _long(0), *last)
    if pid < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"new namespaces: {os.strerror(number)}")
    return pid


def enter(user: int | None, tmpfs: int, entries: int) -> None:
    """In a new child: an empty /tmp, another user, no privilege.

    Args:
        user: who to become, where the server is the host's root; nobody else is this user.
        tmpfs: bytes that /tmp may hold.
        entries: files and folders that it may hold.

    Raises:
        OSError: the kernel refuses.
    """
    options = f"size={tmpfs},nr_inodes={entries},mode=1777"
    failed = _libc.mount(b"tmpfs", b"/tmp", b"tmpfs", _NOSUID_NODEV, options.encode())
    _check(failed, "mount of /tmp")
    os.chdir("/tmp")
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
    ]
    if processes is not None:
        limits.append((resource.RLIMIT_NPROC, processes))
    for kind, value in limits:
        _, hard = resource.getrlimit(kind)
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (allowed, allowed))


def _build_filter() -> bytes:
    """The seccomp program: denied calls fail with EPERM, and so does a clone with namespaces."""
    load, equal, at_least, any_bit, give = 0x20, 0x15, 0x35, 0x45, 0x06
    # Operation, argument, where to go if true and if false ("": the next line).
    lines: list[tuple[int, int, str, str]] = [
        (load, 4, "", ""),  # the architecture
        (equal, _AUDIT, "", "refuse"),
        (load, 0, "", ""),  # the call's number
    ]
    if not _ARM:
        lines.append((at_least, 0x40000000, "refuse", ""))  # the x32 ABI
    lines += [(equal, pair[_ARM], "refuse", "") for pair in _DENIED.values()]
    lines += [
        (equal, _CLONE3, "absent", ""),  # its flags are out of reach; the C library falls back
        (equal, _CLONE, "", "allow"),
        (load, 16, "", ""),  # the low half of its first argument
        (any_bit, _NAMESPACES, "refuse", "allow"),
    ]
    ends = {"allow": 0x7FFF0000, "refuse": 0x00050000 | 1, "absent": 0x00050000 | 38}
    places = {name: len(lines) + i for i, name in enumerate(ends)}
    code = [
        struct.pack("HBBI", op, places.get(yes, i + 1) - i - 1, places.get(no, i + 1) - i - 1, k)
        for i, (op, k, yes, no) in enumerate(lines)
    ]
    return b"".join(code + [struct.pack("HBBI", give, 0, 0, value) for value in ends.values()])


_FILTER = ctypes.create_string_buffer(_build_filter())
_PROGRAM = struct.pack("HxxxxxxP", (len(_FILTER) - 1) // 8, ctypes.addressof(_FILTER))


def filter_calls() -> None:
    """From here on the calls above are refused, to this process and all that it starts."""
    _prctl(_NO_NEW_PRIVS, 1)
    _check(_libc.prctl(_SECCOMP, _long(2), _PROGRAM, _long(0), _long(0)), "seccomp")


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent has ended."""
    _prctl(_SUBREAPER, 1)


def die_with_parent() -> None:
    """Be killed when the parent ends."""
    _prctl(_DEATH_SIGNAL, signal.SIGKILL)


def keep_from_tracers() -> None:
    """No process without privilege may trace this one or read its memory."""
    _prctl(_DUMPABLE, 0)
