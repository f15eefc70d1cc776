"""System calls that a program may make, and the seccomp filter that refuses all others.

What is allowed acts on a program's own process, or on files by name, of which all that can be
written are its own. What is not: whatever makes an object that others could see (sockets, locks,
queues, keys, watches), whatever counts beyond the process (pipes and sockets have numbers from one
counter of the machine; memory and load of the machine; pages that others have read), and starting
processes, which the benchmarks' own harnesses take from programs too (`os.fork`, `subprocess`).
Numbers are those of x86-64 and AArch64; 0 means that an architecture has no such call (`read`, 0 on
x86-64, is written out).
"""

import platform
import struct
from typing import NamedTuple

_ARM = platform.machine() == "aarch64"
_ARCHITECTURE = 0xC00000B7 if _ARM else 0xC000003E  # what seccomp calls it
_X32 = 0x40000000  # numbers from here on are another ABI's, on x86-64

Calls = dict[str, tuple[int, int]]

_MEMORY: Calls = {  # of its own
    "brk": (12, 214), "munmap": (11, 215), "mprotect": (10, 226), "mremap": (25, 216),
}  # fmt: skip
_OPEN_FILES: Calls = {  # by a descriptor that it has
    "write": (1, 64), "readv": (19, 65), "writev": (20, 66), "pread64": (17, 67),
    "pwrite64": (18, 68), "preadv": (295, 69), "pwritev": (296, 70), "lseek": (8, 62),
    "close": (3, 57), "dup": (32, 23), "dup2": (33, 0), "dup3": (292, 24), "fstat": (5, 80),
    "ftruncate": (77, 46), "fallocate": (285, 47), "fsync": (74, 82), "fdatasync": (75, 83),
    "getdents": (78, 0), "getdents64": (217, 61), "sendfile": (40, 71), "fchmod": (91, 52),
    "fchdir": (81, 50),
}  # fmt: skip
_NAMED_FILES: Calls = {  # what it may do to them is said by the mounts: all but /tmp is read-only
    "open": (2, 0), "openat": (257, 56), "creat": (85, 0), "stat": (4, 0), "lstat": (6, 0),
    "newfstatat": (262, 79), "access": (21, 0), "faccessat": (269, 48), "readlink": (89, 0),
    "readlinkat": (267, 78), "mkdir": (83, 0), "mkdirat": (258, 34), "rmdir": (84, 0),
    "rename": (82, 0), "renameat": (264, 38), "renameat2": (316, 276), "unlink": (87, 0),
    "unlinkat": (263, 35), "link": (86, 0), "linkat": (265, 37), "symlink": (88, 0),
    "symlinkat": (266, 36), "chmod": (90, 0), "fchmodat": (268, 53), "truncate": (76, 45),
    "utime": (132, 0), "utimes": (235, 0), "utimensat": (280, 88), "getcwd": (79, 17),
    "chdir": (80, 49), "umask": (95, 166),
}  # fmt: skip
_WAITING: Calls = {  # asyncio's event loop among them
    "select": (23, 0), "pselect6": (270, 72), "poll": (7, 0), "ppoll": (271, 73),
    "epoll_create": (213, 0), "epoll_create1": (291, 20), "epoll_ctl": (233, 21),
    "epoll_wait": (232, 0), "epoll_pwait": (281, 22), "eventfd2": (290, 19),
    "nanosleep": (35, 101), "clock_nanosleep": (230, 115), "pause": (34, 0),
}  # fmt: skip
_TIME: Calls = {  # and timers, which end with the process
    "clock_gettime": (228, 113), "clock_getres": (229, 114), "gettimeofday": (96, 169),
    "time": (201, 0), "times": (100, 153), "alarm": (37, 0), "getitimer": (36, 102),
    "setitimer": (38, 103),
}  # fmt: skip
_SIGNALS: Calls = {  # to whom its process namespace shows
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139),
    "rt_sigpending": (127, 136), "rt_sigsuspend": (130, 133), "rt_sigtimedwait": (128, 137),
    "sigaltstack": (131, 132), "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131),
    "restart_syscall": (219, 128),
}  # fmt: skip
_THREADS: Calls = {
    "set_robust_list": (273, 99), "rseq": (334, 293), "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123), "getcpu": (309, 168), "gettid": (186, 178),
    "set_tid_address": (218, 96), "exit": (60, 93), "exit_group": (231, 94),
}  # fmt: skip
_ITSELF: Calls = {  # what it is, and limits that it may lower
    "getpid": (39, 172), "getppid": (110, 173), "getpgrp": (111, 0), "getpgid": (121, 155),
    "getsid": (124, 156), "getuid": (102, 174), "geteuid": (107, 175), "getgid": (104, 176),
    "getegid": (108, 177), "getresuid": (118, 148), "getresgid": (120, 150),
    "getgroups": (115, 158), "uname": (63, 160), "getrlimit": (97, 163), "setrlimit": (160, 164),
    "getpriority": (140, 141), "getrandom": (318, 278),
}  # fmt: skip
_ALLOWED = (
    {"read": (0, 63)} | _MEMORY | _OPEN_FILES | _NAMED_FILES | _WAITING | _TIME | _SIGNALS
    | _THREADS | _ITSELF
)  # fmt: skip
# Refused with another error than "not permitted". Newer calls: the C library makes do without them
# where the kernel seems not to have them.
_ABSENT: Calls = {
    "clone3": (435, 435), "faccessat2": (439, 439), "statx": (332, 291), "openat2": (437, 437),
    "close_range": (436, 436), "membarrier": (324, 283), "preadv2": (327, 286),
    "pwritev2": (328, 287), "futex_waitv": (449, 449),
}  # fmt: skip

# Attributes of files: `shutil` makes do without them where a file system seems not to have them.
_UNSUPPORTED: Calls = {"listxattr": (194, 11), "llistxattr": (195, 12), "flistxattr": (196, 13)}
# Locks are had at once, and are none: nobody else has a program's own files (sqlite3 locks them),
# and on files of all programs a lock would be a message.
_PRETENDED: Calls = {"flock": (73, 32)}

# Errors.
_DONE, _PERMISSION, _AGAIN, _MEMORY_LACKS, _INVALID = 0, 1, 11, 12, 22
_NO_TERMINAL, _NO_CALL, _NOT_SUPPORTED = 25, 38, 95


class _ByArgument(NamedTuple):
    """A call that is allowed by the low half of an argument.

    Attributes:
        numbers: of the call.
        argument: its position.
        bits: allowed if it has one of these.
        without: allowed if it has none of these.
        values: allowed if it is one of these.
        pretended: done without being done if it is one of these.
        error: otherwise.
    """

    numbers: tuple[int, int]
    argument: int
    error: int
    bits: int = 0
    without: int = 0
    values: tuple[int, ...] = ()
    pretended: tuple[int, ...] = ()


_BY_ARGUMENT = {
    # CLONE_THREAD: no process, and (the kernel refuses it to a thread) no namespace.
    "clone": _ByArgument((56, 220), 0, _PERMISSION, bits=0x10000),
    # Private: others who have mapped the same file could wait for this process, and be counted.
    "futex": _ByArgument((202, 98), 1, _AGAIN, bits=0x80),
    # MAP_HUGETLB: pages of 2 MB come from a pool of the machine.
    "mmap": _ByArgument((9, 222), 3, _MEMORY_LACKS, without=0x40000),
    # MADV_DONTNEED, FREE, HUGEPAGE, NOHUGEPAGE: the others reach pages of shared files.
    "madvise": _ByArgument((28, 233), 2, _INVALID, values=(4, 8, 14, 15)),
    # F_DUPFD, GETFD, SETFD, GETFL, SETFL, DUPFD_CLOEXEC; SETLK, SETLKW: no lease, no pipe's size.
    "fcntl": _ByArgument((72, 25), 1, _PERMISSION, values=(0, 1, 2, 3, 4, 1030), pretended=(6, 7)),
    # TCGETS (which `isatty` is), TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX.
    "ioctl": _ByArgument(
        (16, 29), 1, _NO_TERMINAL, values=(0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
    ),
    # PR_SET_NAME, PR_GET_NAME.
    "prctl": _ByArgument((157, 167), 0, _INVALID, values=(15, 16)),
    # Limits of itself alone.
    "prlimit64": _ByArgument((302, 261), 0, _PERMISSION, values=(0,)),
}

# Process 1 of a program that reads standard input forks its cases, filters each, and waits for it.
_NAMESPACES = 0x7E020080  # every flag of clone that makes one
_SUPERVISING: Calls = {"wait4": (61, 260)}
_SUPERVISING_BY_ARGUMENT = {
    "clone": _ByArgument((56, 220), 0, _PERMISSION, without=_NAMESPACES),
    # PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS.
    "prctl": _ByArgument((157, 167), 0, _INVALID, values=(22, 38)),
}

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000

# Operation, argument, where to go if true and if false ("": the next line); or a label.
_Line = tuple[int, int, str, str] | str


def build_filter(*, supervisor: bool = False) -> bytes:
    """The seccomp program, for `confine.filter_calls`.

    Args:
        supervisor: not for a program, but for what forks and filters its cases.
    """
    allowed = _ALLOWED | (_SUPERVISING if supervisor else {})
    by_argument = _BY_ARGUMENT | (_SUPERVISING_BY_ARGUMENT if supervisor else {})
    actions = {"allow": _ALLOW, "kill": _KILL}
    lines: list[_Line] = [
        (_LOAD, 4, "", ""),
        (_EQUAL, _ARCHITECTURE, "", "kill"),
        (_LOAD, 0, "", ""),
    ]
    targets = {numbers[_ARM]: "allow" for numbers in allowed.values() if any(numbers)}
    if _ARM:
        targets = {number: name for number, name in targets.items() if number}
    else:
        lines.append((_AT_LEAST, _X32, "kill", ""))
    for calls, error in ((_ABSENT, _NO_CALL), (_UNSUPPORTED, _NOT_SUPPORTED), (_PRETENDED, _DONE)):
        targets |= {numbers[_ARM]: f"error {error}" for numbers in calls.values()}
    targets |= {call.numbers[_ARM]: name for name, call in by_argument.items()}
    lines += _search(_ranges(targets), "tree")
    for name, call in by_argument.items():
        lines += [name, (_LOAD, 16 + 8 * call.argument, "", ""), *_compare(call)]
    errors = {_DONE, _PERMISSION, _NO_CALL, _NOT_SUPPORTED}
    errors |= {call.error for call in by_argument.values()}
    actions |= {f"error {error}": _ERROR | error for error in sorted(errors)}
    for name, action in actions.items():
        lines += [name, (_RETURN, action, "", "")]
    return _assemble(lines)


def _ranges(targets: dict[int, str]) -> list[tuple[int, str]]:
    """First number of each run of numbers that go to one place, and the place; from 0 on."""
    refuse = f"error {_PERMISSION}"
    runs = [(0, targets.get(0, refuse))]
    for number in range(1, max(targets) + 2):
        target = targets.get(number, refuse)
        if target != runs[-1][1]:
            runs.append((number, target))
    return runs


def _search(runs: list[tuple[int, str]], name: str) -> list[_Line]:
    """A binary search for the run that a call's number is in."""
    if len(runs) == 1:
        return [name, (_AT_LEAST, 0, runs[0][1], runs[0][1])]
    middle = len(runs) // 2
    sides = runs[:middle], runs[middle:]
    low, high = (
        side[0][1] if len(side) == 1 else f"{name}{'lh'[i]}" for i, side in enumerate(sides)
    )
    lines: list[_Line] = [name, (_AT_LEAST, runs[middle][0], high, low)]
    for place, side in ((low, sides[0]), (high, sides[1])):
        if len(side) > 1:
            lines += _search(side, place)
    return lines


def _compare(call: _ByArgument) -> list[_Line]:
    error = f"error {call.error}"
    if call.bits:
        return [(_ANY_BIT, call.bits, "allow", error)]
    if call.without:
        return [(_ANY_BIT, call.without, error, "allow")]
    lines: list[_Line] = [(_EQUAL, value, f"error {_DONE}", "") for value in call.pretended]
    *first, last = call.values
    lines += [(_EQUAL, value, "allow", "") for value in first]
    return [*lines, (_EQUAL, last, "allow", error)]


def _assemble(lines: list[_Line]) -> bytes:
    """Instructions; jumps of classic BPF go forward, by at most 255."""
    places: dict[str, int] = {}
    code: list[tuple[int, int, str, str]] = []
    for line in lines:
        if isinstance(line, str):
            places[line] = len(code)
        else:
            code.append(line)
    return b"".join(
        struct.pack(
            "HBBI", op, places[yes] - i - 1 if yes else 0, places[no] - i - 1 if no else 0, k
        )
        for i, (op, k, yes, no) in enumerate(code)
    )
