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
# Newer calls: the C library makes do without them where the kernel seems not to have them.
_ABSENT: Calls = {
    "clone3": (435, 435), "faccessat2": (439, 439), "statx": (332, 291), "openat2": (437, 437),
    "close_range": (436, 436), "membarrier": (324, 283), "preadv2": (327, 286),
    "pwritev2": (328, 287), "futex_waitv": (449, 449),
}  # fmt: skip

_PERMISSION, _AGAIN, _MEMORY_LACKS, _INVALID, _NO_TERMINAL, _NO_CALL = (
    1,
    11,
    12,
    22,
    25,
    38,
)  # errno
# Allowed by an argument: numbers, the argument, how it is compared (every bit, no bit, one of
# these values), with what, and the error otherwise.
_BY_ARGUMENT: dict[str, tuple[tuple[int, int], int, str, tuple[int, ...], int]] = {
    # A thread: no process, and (the kernel refuses it to a thread) no namespace.
    "clone": ((56, 220), 0, "bits", (0x10000,), _PERMISSION),
    # Private: others, who have mapped the same file, could wait for this process's and be counted.
    "futex": ((202, 98), 1, "bits", (0x80,), _AGAIN),
    # Pages of 2 MB come from a pool of the machine.
    "mmap": ((9, 222), 3, "without", (0x40000,), _MEMORY_LACKS),
    # MADV_DONTNEED, FREE, HUGEPAGE, NOHUGEPAGE: the others reach pages of shared files.
    "madvise": ((28, 233), 2, "one of", (4, 8, 14, 15), _INVALID),
    # F_DUPFD, GETFD, SETFD, GETFL, SETFL, DUPFD_CLOEXEC: no lock, no lease, no size of a pipe.
    "fcntl": ((72, 25), 1, "one of", (0, 1, 2, 3, 4, 1030), _PERMISSION),
    # TCGETS (which `isatty` is), FIONREAD, FIONBIO, FIONCLEX, FIOCLEX, TIOCGWINSZ.
    "ioctl": (
        (16, 29), 1, "one of", (0x5401, 0x541B, 0x5421, 0x5450, 0x5451, 0x5413), _NO_TERMINAL,
    ),
    # PR_SET_NAME, PR_GET_NAME.
    "prctl": ((157, 167), 0, "one of", (15, 16), _INVALID),
    # Limits of itself alone.
    "prlimit64": ((302, 261), 0, "one of", (0,), _PERMISSION),
}  # fmt: skip

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000

# Operation, argument, where to go if true and if false ("": the next line); or a label.
_Line = tuple[int, int, str, str] | str


def build_filter() -> bytes:
    """The seccomp program, for `confine.filter_calls`."""
    actions = {"allow": _ALLOW, "kill": _KILL}
    lines: list[_Line] = [
        (_LOAD, 4, "", ""),
        (_EQUAL, _ARCHITECTURE, "", "kill"),
        (_LOAD, 0, "", ""),
    ]
    targets = {numbers[_ARM]: "allow" for numbers in _ALLOWED.values() if any(numbers)}
    if _ARM:
        targets = {number: name for number, name in targets.items() if number}
    else:
        lines.append((_AT_LEAST, _X32, "kill", ""))
    targets |= {numbers[_ARM]: f"error {_NO_CALL}" for numbers in _ABSENT.values()}
    targets |= {numbers[_ARM]: name for name, (numbers, *_) in _BY_ARGUMENT.items()}
    lines += _search(_ranges(targets), "tree")
    for name, (_, argument, how, values, error) in _BY_ARGUMENT.items():
        lines += [name, (_LOAD, 16 + 8 * argument, "", "")]  # the low half
        lines += _compare(how, values, f"error {error}")
    errors = [_PERMISSION, *(error for *_, error in _BY_ARGUMENT.values()), _NO_CALL]
    actions |= {f"error {error}": _ERROR | error for error in errors}
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


def _compare(how: str, values: tuple[int, ...], otherwise: str) -> list[_Line]:
    if how == "bits":
        return [(_ANY_BIT, values[0], "allow", otherwise)]
    if how == "without":
        return [(_ANY_BIT, values[0], otherwise, "allow")]
    *first, last = values
    return [*((_EQUAL, value, "allow", "") for value in first), (_EQUAL, last, "allow", otherwise)]


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
        struct.pack("HBBI", op, places.get(yes, i + 1) - i - 1, places.get(no, i + 1) - i - 1, k)
        for i, (op, k, yes, no) in enumerate(code)
    )
