"""The command line of the sandbox, and why it cannot be had where it cannot."""

import importlib.util
import itertools
import os
import shutil
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from passk.domains.code.sandbox import (
    calls,
    confine,
    event_pair,
    forker,
    frames,
    function_calls,
    guest,
    results,
    server,
    thread_queues,
    usage,
    values,
    waiting_guest,
    whole_program,
    work,
)
from passk.domains.verdict import JudgeError

ISOLATIONS = ("bubblewrap", "subprocess")
INSIDE = "/tmp/server"  # which guests do not see: they have a /tmp of their own
PACKAGES = "/packages"
# What runs inside. Imported here, though not used, so that whoever judges depends on this code too.
_INSIDE = (
    calls, confine, event_pair, forker, frames, function_calls, guest, results, server,
    thread_queues, usage, values, waiting_guest, whole_program, work,
)  # fmt: skip
_SOURCES = [f"{module.__name__.rpartition('.')[2]}.py" for module in _INSIDE]
_PACKAGE = "passk/domains/code/sandbox"
_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from passk.domains.code.sandbox import server; server.main(sys.argv[2:])"
)


class SandboxError(JudgeError):
    """Programs cannot be run in isolation here; the message says what to do."""


def remedy(complaint: str) -> str:
    """What to do about namespaces that the kernel refuses."""
    hints = []
    for name, wanted in (
        ("kernel/unprivileged_userns_clone", "1"),
        ("kernel/apparmor_restrict_unprivileged_userns", "0"),
        ("user/max_user_namespaces", "more than 0"),
    ):
        file = Path("/proc/sys") / name
        if file.exists():
            dotted = name.replace("/", ".")
            hints.append(f"sysctl {dotted} is {file.read_text().strip()}, needed: {wanted}")
    return (
        f"bubblewrap cannot make a sandbox here: {complaint.strip() or 'it says nothing'}\n"
        f"It needs namespaces ({'; '.join(hints) or 'which this kernel or container refuses'}). "
        "In a container, start it with --security-opt seccomp=unconfined or --privileged. "
        "Or accept less with the parameter `isolation: subprocess`; every verdict then says so."
    )


def command(isolation: str, stops: int, packages: Sequence[str] = ()) -> list[str]:
    """The command that starts a server.

    Args:
        isolation: one of ISOLATIONS.
        stops: the file descriptor of requests to stop.
        packages: top-level packages of this interpreter's site-packages that programs may import.

    Raises:
        SandboxError: bubblewrap is not installed, or a package is not.
        ValueError: no such isolation.
    """
    if isolation not in ISOLATIONS:
        raise ValueError(f"isolation {isolation!r}: one of {', '.join(ISOLATIONS)}")
    python = os.path.realpath(sys.executable)
    here = Path(__file__).resolve().parent
    root = os.getuid() == 0
    binds, folder = _packages(packages)
    tail = [python, "-s", "-S", "-P", "-B", "-X", "utf8", "-c", _START]
    if isolation == "subprocess":
        listed = ":".join([folder, *packages])
        return [*tail, str(here.parents[3]), str(stops), "subprocess", "/proc", listed]
    if shutil.which("bwrap") is None:
        raise SandboxError(
            "bubblewrap (bwrap) is missing, in which programs are run: `make sandbox`, or "
            "`apt-get install bubblewrap` (`make sandbox`); or accept less with "
            "the parameter `isolation: subprocess`"
        )
    files = [
        part
        for name in _SOURCES
        for part in ("--ro-bind", str(here / name), f"{INSIDE}/{_PACKAGE}/{name}")
    ]
    devices = [part for name in confine.DEVICES for part in ("--dev-bind", name, name)]
    listed = ":".join([PACKAGES, *packages])
    mounts = [
        part for path in binds for part in ("--ro-bind", path, f"{PACKAGES}/{Path(path).name}")
    ]
    return [
        *("bwrap", "--die-with-parent", "--new-session", "--hostname", "sandbox"),
        *("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"),
        "--unshare-cgroup-try",
        # The server needs to make namespaces. To the host's root, guests become another user:
        # in a user namespace they would be root to the kernel, whom no process limit binds.
        *(_AS_ROOT if root else _AS_USER),
        *_system(python),
        *("--dir", "/dev", *devices),
        *("--symlink", "/tmp", "/dev/shm", "--symlink", whole_program.INPUT, "/dev/stdin"),
        *("--tmpfs", "/tmp"),
        *_parents(f"{INSIDE}/{_PACKAGE}/x"),
        *("--proc", f"{INSIDE}/proc", "--dir", PACKAGES),
        *files,
        *mounts,
        *("--chdir", "/tmp", "--remount-ro", "/"),
        *("--clearenv", "--setenv", "PYTHONHASHSEED", "0", "--setenv", "HOME", "/tmp"),
        *("--setenv", "PATH", "/usr/bin:/bin", "--setenv", "OPENBLAS_NUM_THREADS", "1"),
        *("--setenv", "LC_ALL", "C.UTF-8"),
        "--",
        *tail,
        *(INSIDE, str(stops), _new_user() if root else "user", f"{INSIDE}/proc", listed),
    ]


_AS_ROOT = (
    *("--cap-drop", "ALL", "--cap-add", "CAP_SYS_ADMIN", "--cap-add", "CAP_SETUID"),
    *("--cap-add", "CAP_SETGID", "--cap-add", "CAP_KILL"),
)
_AS_USER = (
    *("--unshare-user", "--uid", "65534", "--gid", "65534"),
    *("--cap-drop", "ALL", "--cap-add", "CAP_SYS_ADMIN"),
)
_FIRST_USER = 1_000_000_000  # users of guests, far from those that systems give out
_users = itertools.count()


def _new_user() -> str:
    """A user that no other server's guests have, so that limits on processes are their own."""
    return str(_FIRST_USER + os.getpid() * 64 + next(_users) % 64)


def environment() -> dict[str, str]:
    """The server's environment, for isolation that does not clear it."""
    return {"PYTHONHASHSEED": "0", "PATH": os.defpath, "OPENBLAS_NUM_THREADS": "1"}


def _system(python: str) -> list[str]:
    """Read-only: the C library, the interpreter and its standard library, nothing else."""
    parts: list[str] = []
    prefix = os.path.realpath(sys.base_prefix)
    folders = ["/lib", "/lib64", "/lib32", "/usr/lib", "/usr/lib64"]
    if prefix != "/usr":
        folders += [f"{prefix}/lib", f"{prefix}/lib64"]
    bound = [name for name in folders if Path(name).is_dir() and not Path(name).is_symlink()]
    for name in folders:
        path = Path(name)
        if path.is_symlink():
            parts += [*_parents(name), "--symlink", str(path.readlink()), name]
        elif name in bound:
            parts += [*_parents(name), "--ro-bind", name, name]
    for name in _package_folders(bound):
        parts += ["--tmpfs", name, "--remount-ro", name]
    parts += [*_parents(python), "--ro-bind", python, python]
    return [*parts, "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]


def _package_folders(folders: Sequence[str]) -> list[str]:
    """Where this machine's interpreters have their packages, which are nothing to programs."""
    found = [
        path
        for folder in folders
        for name in ("site-packages", "dist-packages")
        for path in Path(folder).glob(f"python*/{name}")
    ]
    return sorted(str(path) for path in found if path.is_dir() and not path.is_symlink())


def _parents(path: str) -> list[str]:
    """Folders above a path that anybody may enter; those that bubblewrap makes itself are not."""
    folders = [str(folder) for folder in reversed(Path(path).parents)][1:]
    return [part for folder in folders for part in ("--dir", folder)]


def _packages(names: Sequence[str]) -> tuple[list[str], str]:
    """Paths of packages in site-packages, with the libraries that wheels put beside them."""
    folder = Path(sysconfig.get_paths()["platlib"])
    paths = []
    for name in names:
        spec = importlib.util.find_spec(name)
        if spec is None or not spec.submodule_search_locations:
            raise SandboxError(f"packages: {name!r} is no package of this interpreter, {folder}")
        path = Path(next(iter(spec.submodule_search_locations)))
        folder = path.parent
        paths += [str(part) for part in (path, folder / f"{name}.libs") if part.is_dir()]
    return paths, str(folder)
