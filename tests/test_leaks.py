"""What one program could leave for another: files, and every kind of object that a kernel shares.

Two programs that work together need a place where one leaves a message for the other. Each known
kind of place is tried here: most calls that lead there are refused, and whatever a program may
still look at is the same, whatever the other did, before it on the same server or beside it on
another. What remains is time: how long things take while another program runs.
"""

import json
import shutil
import struct

import pytest

from passk.domains.code.judge import CodeJudge
from passk.domains.code.options import CodeOptions
from passk.domains.code.sandbox import calls, task
from passk.domains.code.sandbox.pool import Sandbox
from passk.domains.code.sandbox.task import Limits, Program
from passk.domains.code.sandbox.values import decode
from passk.domains.code.test_cases import Tests

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        shutil.which("bwrap") is None, reason="bubblewrap (bwrap) is not installed: `make sandbox`"
    ),
]

# --- the filter, as the kernel would run it ---

X86, ARM, I386 = 0xC000003E, 0xC00000B7, 0x40000003
ALLOW, KILL, ERROR = "allow", "kill", "error"


def answer(number, *arguments, architecture=calls._ARCHITECTURE, supervisor=False):
    """What the filter says of a call: allowed, killed, or the number of an error."""
    data = struct.pack("=iIQ6Q", number, architecture, 0, *[*arguments, *[0] * 6][:6])
    code = list(struct.iter_unpack("HBBI", calls.build_filter(supervisor=supervisor)))
    at = value = 0
    while True:
        op, yes, no, k = code[at]
        at += 1
        match op:
            case 0x20:
                (value,) = struct.unpack_from("=I", data, k)
            case 0x15:
                at += yes if value == k else no
            case 0x35:
                at += yes if value >= k else no
            case 0x45:
                at += yes if value & k else no
            case _:
                return {0x7FFF0000: ALLOW, 0x80000000: KILL}.get(k) or k & 0xFFFF


def number_of(name):
    """A call's number on this machine, of all tables of the filter."""
    tables = calls._ALLOWED | calls._ABSENT | calls._UNSUPPORTED | calls._PRETENDED
    numbers = tables[name] if name in tables else calls._BY_ARGUMENT[name].numbers
    return numbers[calls._ARM]


def test_a_call_that_no_table_names_is_refused():
    allowed = {numbers[calls._ARM] for numbers in calls._ALLOWED.values()}
    named = allowed | {
        numbers[calls._ARM]
        for numbers in (calls._ABSENT | calls._UNSUPPORTED | calls._PRETENDED).values()
    }
    named |= {call.numbers[calls._ARM] for call in calls._BY_ARGUMENT.values()}
    for number in range(1024):
        if number not in named:
            assert answer(number) == 1, number
        elif number in allowed and number:
            assert answer(number) == ALLOW, number
    assert len(allowed) < 120


def test_other_kinds_of_calls_are_fatal():
    other = ARM if calls._ARCHITECTURE == X86 else X86
    for architecture in (I386, other, 0):
        assert answer(number_of("getpid"), architecture=architecture) == KILL
    if calls._ARCHITECTURE == X86:
        assert answer(0x40000000 | number_of("getpid")) == KILL
        assert answer(0xFFFFFFFF - (1 << 32)) == KILL


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("clone", (0x3D0F00,), ALLOW),  # as the C library starts a thread
        ("clone", (17,), 1),
        ("clone", (0x4111,), 1),  # vfork
        ("clone", (0x10020011,), 1),
        ("clone3", (), 38),
        ("futex", (0, 0x80), ALLOW),
        ("futex", (0, 0x181), ALLOW),
        ("futex", (0, 0), 11),
        ("futex", (0, 1), 11),
        ("mmap", (0, 4096, 3, 0x22), ALLOW),
        ("mmap", (0, 4096, 3, 0x40022), 12),
        ("madvise", (0, 4096, 4), ALLOW),
        ("madvise", (0, 4096, 21), 22),  # MADV_PAGEOUT
        ("fcntl", (0, 3), ALLOW),
        ("fcntl", (0, 6), 0),
        *[("fcntl", (0, command), 1) for command in (5, 8, 10, 36, 1024, 1026, 1031, 1032, 1036)],
        ("flock", (0, 2), 0),
        ("ioctl", (0, 0x5401), ALLOW),
        *[("ioctl", (0, request), 25) for request in (0x5412, 0x40049409, 0x5413 + (1 << 16))],
        ("prctl", (15,), ALLOW),
        *[("prctl", (option,), 22) for option in (1, 4, 22, 36, 38, 53)],
        ("prlimit64", (0,), ALLOW),
        ("prlimit64", (1,), 1),
    ],
)
def test_calls_by_their_argument(name, arguments, expected):
    assert answer(number_of(name), *arguments) == expected


def test_what_forks_cases_makes_no_namespace():
    assert answer(number_of("clone"), 17, supervisor=True) == ALLOW
    for bit in (0x80, *(1 << n for n in (17, 25, 26, 27, 28, 29, 30))):
        assert answer(number_of("clone"), 17 | bit, supervisor=True) == 1


# --- what a program is refused ---

TOOLS = """
import ctypes, fcntl, mmap, os, resource, signal, socket, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
SHARED = os.__file__  # a file that all programs read
file = os.open(SHARED, os.O_RDONLY)
buffer = ctypes.create_string_buffer(65536)
def call(name, *arguments):
    check(getattr(libc, name)(*arguments))
def number(n, *arguments):
    check(libc.syscall(n, *arguments))
def check(result):
    if result == -1: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
"""
X86_ONLY = pytest.mark.skipif(calls._ARM, reason="numbers of x86-64")
# One line each; all of them raise OSError.
REFUSED = {
    # Sockets, which others could meet, and which leave traces in their network.
    "a stream": "socket.socket()",
    "a datagram": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    "IPv6": "socket.socket(socket.AF_INET6)",
    "a Unix socket": "socket.socket(socket.AF_UNIX)",
    "netlink": "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
    "a socket of virtual machines": "socket.socket(40, socket.SOCK_STREAM)",
    "packets": "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
    "ciphers": "socket.socket(38, socket.SOCK_SEQPACKET)",
    # Numbers from counters of the machine, and budgets of a user.
    "a pair of sockets": "import _socket; _socket.socketpair()",
    "a pipe": "os.pipe()",
    "a named pipe": "os.mkfifo('/tmp/fifo')",
    "a pipe's size": "fcntl.fcntl(3, 1032)",
    "another size of a pipe": "fcntl.fcntl(3, 1031, 1 << 20)",
    "large pages": "mmap.mmap(-1, 1 << 21, flags=0x40022)",
    # Locks, leases and watches on files that all see.
    "a lock's owner": "fcntl.fcntl(file, fcntl.F_GETLK, bytes(32))",
    "a lease": "fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)",
    "a lease's kind": "fcntl.fcntl(file, fcntl.F_GETLEASE)",
    "signals of a folder": "fcntl.fcntl(os.open('/usr/lib', 0), fcntl.F_NOTIFY, 1)",
    "whom to signal": "fcntl.fcntl(file, fcntl.F_SETOWN, 1)",
    "watches": "call('inotify_init1', 0)",
    "watches of a mount": "call('fanotify_init', 0, 0)",
    # What the machine has in memory, and how busy it is.
    "pages in memory": "call('mincore', buffer, 4096, buffer)",
    "a read of what is in memory": "os.preadv(file, [bytearray(1)], 0, os.RWF_NOWAIT)",
    "advice on a file": "os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)",
    "reading ahead": "call('readahead', file, 0, 4096)",
    "faults and reads of disks": "resource.getrusage(resource.RUSAGE_SELF)",
    "those of children": "resource.getrusage(resource.RUSAGE_CHILDREN)",
    "free memory": "call('sysinfo', buffer)",
    "free space": "os.statvfs('/usr/lib')",
    "load": "os.getloadavg()",
    "processor's use": "open('/proc/stat')",
    "memory's use": "open('/proc/meminfo')",
    "mounts": "open('/proc/self/mountinfo')",
    # Times and rights of what is not its own.
    "times of a device": "os.utime('/dev/null')",
    "times of a shared file": "os.utime(SHARED)",
    "rights of a device": "os.chmod('/dev/null', 0o600)",
    "an attribute": "os.setxattr(SHARED, 'user.a', b'x')",
    "an attribute of its own": "os.setxattr('/tmp', 'user.a', b'x')",
    "a number of a mount": "call('name_to_handle_at', -100, b'/', buffer, buffer, 0)",
    # Processes.
    "a fork": "os.fork()",
    "a fork of the C library": "call('fork')",
    "another program": "os.execv(sys.executable, ['p', '-c', ''])",
    "a spawned program": "os.posix_spawn(sys.executable, ['p', '-c', ''], {})",
    "a process by descriptor": "os.pidfd_open(1)",
    "priorities": "os.nice(5)",
    "processors": "os.sched_setaffinity(0, os.sched_getaffinity(0))",
    "a scheduler": "os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))",
    "limits of others": "resource.prlimit(1 if os.getpid() != 1 else 2, resource.RLIMIT_CPU)",
    "tracing": "call('ptrace', 0, 0, 0, 0)",
    "memory of others": "call('process_vm_readv', 1, buffer, 1, buffer, 1, 0)",
    "personality": "call('personality', 0xffffffff)",
    # Objects with names or numbers of their own.
    "memory by a descriptor": "os.memfd_create('a')",
    "shared memory": "call('shmget', 5, 4096, 0o1666)",
    "semaphores": "call('semget', 5, 1, 0o1666)",
    "messages": "call('msgget', 5, 0o1666)",
    "queues": "call('mq_open', b'/q', 0o102, 0o666, None)",
    "timers by descriptor": "call('timerfd_create', 0, 0)",
    "signals by descriptor": "call('signalfd', -1, buffer, 0)",
    # Ways around.
    "namespaces": "call('unshare', 0x10000000)",
    "others' namespaces": "call('setns', 3, 0)",
    "another root": "os.chroot('/tmp')",
    "the host's name": "socket.sethostname('x')",
    "the system's log": "call('klogctl', 3, buffer, 10)",
    "all disks": "call('syncfs', file)",
    "the clock": "time.clock_settime(time.CLOCK_REALTIME, 1.0)",
}  # fmt: skip
BY_NUMBER = {  # of x86-64
    "a key": (248, 1), "a session's keys": (250, 0, 0xFFFFFFFD, 0), "requests of keys": (249, 0),
    "io_uring": (425, 8, 0), "eBPF": (321, 0, 0, 0), "events of processors": (298, 0, 0, -1, -1, 0),
    "faults in user space": (323, 0), "a timer": (222, 0, 0, 0), "secret memory": (447, 0),
    "what is cached": (451, 3, 0, 0, 0), "a comparison": (312, 1, 1, 0, 0, 0),
    "a descriptor of another": (438, 3, 0, 0), "waiting for many": (449, 0, 0, 0, 0, 0),
    "a shared futex": (202, 0, 1, 1, 0, 0, 0), "requeueing": (456, 0, 0, 0, 0),
    "landlock": (444, 0, 0, 1), "mounts": (428, -100, 0, 0), "seccomp": (317, 0, 0, 0),
    "a module": (175, 0, 0, 0), "reading x86 ports": (173, 0, 1, 1),
}  # fmt: skip


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(servers=1) as one:
        yield one


def try_each(sandbox, lines):
    """What each line comes to: the name of an exception, or that it worked."""
    body = "".join(
        f"    try:\n        {line}\n        found[{name!r}] = 'worked'\n"
        f"    except Exception as error: found[{name!r}] = type(error).__name__\n"
        for name, line in lines.items()
    )
    source = f"{TOOLS}\ndef f():\n    found = {{}}\n{body}    return found"
    [(_, outcome)] = sandbox.run([Program(source, "f", ("[]",))])
    assert outcome.ended == task.FINISHED, outcome
    return decode(outcome.cases[0].value)


ERRORS = {"PermissionError", "OSError", "FileNotFoundError", "BlockingIOError"}


def test_what_others_could_see_is_refused(sandbox):
    found = try_each(sandbox, REFUSED)
    assert {name: how for name, how in found.items() if how not in ERRORS} == {}
    assert len(found) == len(REFUSED)


@X86_ONLY
def test_calls_that_python_does_not_have_are_refused(sandbox):
    lines = {name: f"number{numbers!r}" for name, numbers in BY_NUMBER.items()}
    found = try_each(sandbox, lines)
    assert {name: how for name, how in found.items() if how not in ERRORS} == {}


def test_cases_of_standard_input_are_refused_the_same(sandbox):
    body = "".join(
        f"try:\n    {line}\n    print({name!r})\nexcept OSError: pass\n"
        for name, line in REFUSED.items()
    )
    [(_, outcome)] = sandbox.run([Program(TOOLS + body, None, ("",))])
    assert [case.value for case in outcome.cases] == [""]


def test_the_refusals_above_are_the_sandboxs_doing(sandbox):
    # What a program needs works: files, threads, timers, signals, an event loop, databases.
    working = {
        "files": "open('/tmp/a', 'w').write('x'); os.rename('/tmp/a', '/tmp/b')",
        "copies": "import shutil; open('/tmp/a', 'w'); shutil.copy2('/tmp/a', '/tmp/c')",
        "a database": "import sqlite3; sqlite3.connect('/tmp/d').execute('create table t(a)')",
        "threads": "t = threading.Thread(target=len, args=('',)); t.start(); t.join()",
        "a pool": "import concurrent.futures as c; list(c.ThreadPoolExecutor(2).map(len, 'ab'))",
        "a pool of threads": "import multiprocessing.pool as p; p.ThreadPool(2).map(len, 'ab')",
        "an event loop": "import asyncio; asyncio.run(asyncio.to_thread(len, ''))",
        "timers": "signal.signal(14, lambda *a: None); signal.alarm(0); time.sleep(0)",
        "limits": "resource.setrlimit(resource.RLIMIT_NOFILE, (32, 64))",
        "a lock": "fcntl.flock(file, fcntl.LOCK_EX)",
        "a lock of a range": "fcntl.lockf(open('/tmp/a', 'w'), fcntl.LOCK_EX)",
        "memory": "mmap.mmap(-1, 1 << 20).close()",
        "C": "call('getpid')",
    }  # fmt: skip
    assert try_each(sandbox, working) == dict.fromkeys(working, "worked")


# --- what one program sees of another ---

# Does what it can to be noticed, if the argument is 1; stays for as long as the second says.
SEND = (
    TOOLS
    + """
def lock(): fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
def lock_range(): fcntl.lockf(os.open(SHARED, os.O_RDONLY), fcntl.LOCK_SH)
def lease(): fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
def listen(): socket.socket(socket.AF_UNIX).bind(b'\\0message')
def connect(): socket.create_server(('127.0.0.1', 4000))
def share(): call('shmget', 7, 4096, 0o1666)
def queue(): call('msgget', 7, 0o1666)
def semaphore(): call('semget', 7, 1, 0o1666)
def key(): number(248, b'user', b'message', b'1', 1, 0xFFFFFFFD)
def write(): open('/tmp/message', 'w').write('x'); open('/dev/shm/message', 'w').write('x')
def touch(): os.utime('/dev/null')
def touch_shared(): os.utime(SHARED)
def read(): os.read(file, 1000)
def count():
    for _ in range(3000): os.close(os.eventfd(0))
def count_pipes():
    for _ in range(3000):
        for end in os.pipe(): os.close(end)
def count_files():
    for i in range(2000): os.close(os.open('/tmp/count', os.O_CREAT)); os.unlink('/tmp/count')
def count_processes():
    for _ in range(50): os.fork() or os._exit(0)
def count_threads():
    for _ in range(50): threading.Thread(target=len, args=('',)).start()
def fill():
    for i in range(100): open(f'/tmp/{i}', 'w').write('x' * 100_000)
def be_nice(): os.nice(10)
def umask(): os.umask(0o77)
def folder(): os.chdir('/dev')
def environment(): os.environ['MESSAGE'] = '1'; os.putenv('MESSAGE', '1')
def handlers(): signal.signal(15, signal.SIG_IGN); signal.pthread_sigmask(0, [15])
def timer(): signal.setitimer(signal.ITIMER_REAL, 1000)
def limits(): resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
def host(): socket.sethostname('message')
def processors(): os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
def waiting():
    libc.mmap.restype = ctypes.c_void_p
    at = libc.mmap(None, 4096, 1, 1, file, 0)
    word = ctypes.c_int.from_address(at).value
    threading.Thread(
        target=libc.syscall, args=(202, ctypes.c_void_p(at), 0, word, None), daemon=True
    ).start()
def standard_files(): os.write(0, b'message'); os.lseek(0, 5, 0)
def modules(): sys.modules['message'] = sys; __import__('math').message = 1
def offsets(): os.lseek(file, 77, 0)
def f(send, seconds):
    done = 0
    for name, one in list(globals().items()):
        if send and callable(one) and getattr(one, '__code__', None) and name not in (
            'f', 'call', 'number', 'check'
        ):
            try: one(); done += 1
            except Exception: pass
    time.sleep(seconds)
    return done
"""
)
# All that a program can look at; times that pass for everybody are left out.
LOOK = (
    TOOLS
    + """
def attempt(look, *arguments):
    try: return repr(look(*arguments))
    except BaseException as error: return f'{type(error).__name__} {str(error)[:60]}'
def wake():
    libc.mmap.restype = ctypes.c_void_p
    at = libc.mmap(None, 4096, 1, 1, file, 0)
    return libc.syscall(202, ctypes.c_void_p(at), 1, 100)
def numbers():
    ends = socket.socketpair()
    return [os.fstat(end.fileno()).st_ino for end in ends]
OWN = ('/tmp', '/dev/shm')
def look():
    seen = {}
    for path in ('/', '/tmp', '/dev', '/dev/shm', '/dev/null', '/dev/zero', '/dev/urandom', SHARED,
                 os.path.dirname(SHARED), '/usr/lib', '/packages'):
        seen['stat ' + path] = attempt(lambda: [
            value for name, value in zip(dir(os.stat(path)), map(
                lambda name: getattr(os.stat(path), name), dir(os.stat(path))))
            if name.startswith('st_')
            and (path not in OWN or 'time' not in name and name != 'st_dev')
        ])
        if os.path.isdir(path): seen['list ' + path] = attempt(lambda: sorted(os.listdir(path)))
    seen['new file'] = attempt(lambda: os.fstat(os.open('/tmp/new', os.O_CREAT)).st_ino)
    seen['locks'] = attempt(fcntl.flock, file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    seen['ranges'] = attempt(fcntl.lockf, file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    seen['lock of'] = attempt(fcntl.fcntl, file, fcntl.F_GETLK, bytes(32))
    seen['lease'] = attempt(fcntl.fcntl, file, fcntl.F_GETLEASE)
    seen['sockets'] = attempt(lambda: socket.socket(socket.AF_UNIX).connect(b'\\0message'))
    seen['ports'] = attempt(lambda: socket.create_server(('127.0.0.1', 4000)))
    for name in ('shmget', 'msgget'): seen[name] = attempt(call, name, 7, 0)
    seen['semget'] = attempt(call, 'semget', 7, 0, 0)
    seen['key'] = attempt(number, 249, b'user', b'message', None, 0)
    seen['wake'] = attempt(wake)
    seen['numbers'] = attempt(numbers)
    seen['pipes'] = attempt(os.pipe)
    seen['processes'] = attempt(lambda: [os.getpid(), os.getppid(), os.getsid(0), os.getpgrp()])
    seen['user'] = attempt(lambda: [os.getresuid()[0] == os.getresuid()[1], os.getgroups()])
    seen['priority'] = attempt(os.getpriority, 0, 0), attempt(os.getpriority, 2, 0)
    seen['processors'] = attempt(os.sched_getaffinity, 0)
    seen['limits'] = attempt(lambda: [resource.getrlimit(kind) for kind in range(16)])
    seen['mask'] = attempt(signal.pthread_sigmask, 0, [])
    seen['pending'] = attempt(signal.sigpending)
    seen['handlers'] = attempt(lambda: [signal.getsignal(kind) for kind in range(1, 32)
                                        if not callable(signal.getsignal(kind))])
    seen['timer'] = attempt(lambda: signal.getitimer(signal.ITIMER_REAL)[0])
    seen['umask'] = attempt(os.umask, 0)
    seen['folder'] = attempt(os.getcwd)
    seen['environment'] = attempt(lambda: sorted(os.environ.items()))
    seen['system'] = attempt(lambda: [*os.uname(), socket.gethostname()])
    seen['use'] = attempt(resource.getrusage, 0), attempt(resource.getrusage, -1)
    seen['children'] = attempt(lambda: os.times()[2:4])
    seen['files'] = attempt(lambda: [[os.lseek(fd, 0, 1), fcntl.fcntl(fd, 1), fcntl.fcntl(fd, 3)]
                                     for fd in (0, 1, 2)])
    seen['open'] = [fd for fd in range(64) if 'Errno' not in attempt(os.fstat, fd)]
    seen['modules'] = ['message' in sys.modules, hasattr(__import__('math'), 'message')]
    seen['random'] = attempt(__import__('random').random)
    seen['space'] = attempt(os.statvfs, '/tmp'), attempt(os.statvfs, '/usr/lib')
    return seen
def f(times):
    found = []
    for _ in range(times):
        seen = sorted((name, str(value)) for name, value in look().items())
        os.remove('/tmp/new')
        found.append(seen)
        if times > 1: time.sleep(0.02)
    return found
"""
)
HERE = Limits(cpu=5.0, wall=20.0, memory=256 << 20)


# The server's own folders, which programs cannot change; each server has others.
OF_A_SERVER = {f"stat {path}" for path in ("/", "/dev", "/packages")}


def look_after(sandbox, send, times):
    """What the sender did, and what a program sees meanwhile or afterwards."""
    sender = Program(SEND, "f", (json.dumps([send, 0.5 if times > 1 else 0]),), limits=HERE)
    looker = Program(LOOK, "f", (f"[{times}]",), limits=HERE)
    outcomes = dict(sandbox.run([sender, looker]))
    assert [outcomes[number].ended for number in (0, 1)] == [task.FINISHED] * 2, outcomes
    return decode(outcomes[0].cases[0].value), [
        dict(one) for one in decode(outcomes[1].cases[0].value)
    ]


def test_a_program_sees_the_same_whatever_another_did_before():
    with Sandbox(servers=1) as sandbox:
        nothing, quiet = look_after(sandbox, 0, 1)
        much, loud = look_after(sandbox, 1, 1)
    assert (nothing, much > 8) == (0, True)  # files, threads, memory, masks: these it may
    assert loud == quiet
    assert len(quiet[0]) > 40


def test_a_program_sees_the_same_whatever_another_does_beside_it():
    with Sandbox(servers=2) as sandbox:
        _, quiet = look_after(sandbox, 0, 10)
        _, loud = look_after(sandbox, 1, 10)
    for before, after in zip(quiet, loud, strict=True):
        for name in before.keys() - OF_A_SERVER:
            assert before[name] == after[name], name


# --- two programs that work together ---


def test_a_program_cannot_pass_with_what_another_found_out():
    # The first knows the answers and leaves them wherever it can; the second looks there.
    inputs, expected = ("[3]", "[4]"), ("9", "16")
    tests = Tests("f", inputs, expected, reference="def f(x): return x * x").dump()
    places = (
        "('/tmp/m', '/dev/shm/m', '/dev/null', '/dev/stdin', os.__file__ + '.m', '/packages/m')"
    )
    leave = (
        f"{TOOLS}\nimport math, builtins\ndef f(x):\n    message = str(x * x)\n"
        f"    for path in {places}:\n"
        "        try: open(path, 'a').write(message)\n        except OSError: pass\n"
        "    try: os.utime('/dev/null', (x * x, x * x))\n    except OSError: pass\n"
        "    try: os.utime('/dev/null')\n    except OSError: pass\n"
        "    try: fcntl.lockf(file, fcntl.LOCK_SH, 1, x * x)\n    except OSError: pass\n"
        "    math.m = builtins.m = message\n    os.environ['m'] = message\n"
        "    try:\n"
        "        with socket.create_server(('127.0.0.1', 5000 + x * x)) as one:\n"
        "            socket.create_connection(one.getsockname()).close()\n"
        "    except OSError: pass\n"
        "    return x * x\n"
    )
    find = (
        f"{TOOLS}\nimport math, builtins\ndef f(x):\n"
        f"    for path in {places}:\n"
        "        try:\n            found = open(path).read()\n"
        "            if found: return int(found)\n"
        "        except (OSError, ValueError): pass\n"
        "    found = getattr(math, 'm', '') or getattr(builtins, 'm', '') or os.environ.get('m')\n"
        "    if found: return int(found)\n"
        "    for n in range(200):\n"
        "        if int(os.stat('/dev/null').st_mtime) == n: return n\n"
        "        try:\n            fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB, 1, n)\n"
        "            socket.create_server(('127.0.0.1', 5000 + n)).close()\n"
        "        except BlockingIOError: return n\n"
        "        except OSError as error:\n"
        "            if 'in use' in str(error): return n\n"
    )
    # In the order of their digests on one server, and beside each other.
    texts = [f"```python\n{one}# {n}\n```" for n in range(3) for one in (leave, find)]
    for workers in (1, 2):
        with CodeJudge(CodeOptions(), calibration=None, workers=workers) as judge:
            verdicts = [one.verdict for one in judge([tests] * len(texts), texts)]
        assert verdicts == ["correct", "wrong"] * 3


def test_a_case_of_standard_input_finds_nothing_of_the_one_before(sandbox):
    source = (
        "import os, sys\nprint(sorted(os.listdir('/tmp')), len(sys.modules), os.umask(0o77), "
        "os.environ.get('M'), open('/dev/stdin').read().strip())\n"
        "os.makedirs('/tmp/a/b')\nopen('/tmp/a/b/c', 'w').write('x')\nos.chmod('/tmp/a', 0)\n"
        "os.symlink('/usr', '/tmp/s')\nos.environ['M'] = '1'\nos.chdir('/usr')\n"
        "os.rename('/tmp/.stdin', '/tmp/moved')\n"
    )
    inputs = ("1", "2", "3")
    [(_, outcome)] = sandbox.run([Program(source, None, inputs)])
    printed = [
        case.value.removesuffix(f" {given}\n")
        for case, given in zip(outcome.cases, inputs, strict=True)
    ]
    assert {case.kind for case in outcome.cases} == {task.PRINTED}
    assert len(set(printed)) == 1
    assert printed[0].startswith("['.stdin'] ")


# --- limits that could be passed by ---


@pytest.mark.parametrize("entry", ["f", None])
def test_processor_time_cannot_be_hidden(sandbox, entry):
    # Children reaped by the kernel are counted by nobody: there are none. Threads count.
    burn = (
        "import os, signal, threading\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
        "def burn():\n    while True: pass\ndef f():\n    while True:\n"
        "        try:\n            if os.fork() == 0: burn()\n"
        "        except OSError: break\n"
        "    for _ in range(3): threading.Thread(target=burn, daemon=True).start()\n    burn()\n"
    )
    source = burn if entry else f"{burn}f()"
    limits = Limits(cpu=0.5, wall=20.0)
    [(_, outcome)] = sandbox.run([Program(source, entry, ("[]",), limits=limits)])
    assert outcome.ended == task.CPU
    assert outcome.cpu < 0.5 + 0.3


def test_a_program_that_writes_little_by_little_is_stopped(sandbox):
    # Whoever writes seems to have ended a case; wall time is bounded all the same.
    source = "import os, time\nwhile True:\n    os.write(3, b'r'); time.sleep(0.02)\ndef f(): pass"
    limits = Limits(cpu=5.0, wall=0.3, each=True)
    [(_, outcome)] = sandbox.run([Program(source, "f", ("[]", "[]"), limits=limits)])
    assert outcome.ended in {task.SLEPT, task.EXITED, task.FAULT}
    assert outcome.wall < 5


def test_packages_of_the_interpreter_are_out_of_sight(sandbox):
    source = (
        "import os, sys\ndef f():\n"
        " roots = {sys.base_prefix + '/lib', '/usr/lib', '/usr/local/lib', '/lib', *sys.path}\n"
        " folders = {os.path.join(root, name) for root in roots if os.path.isdir(root)\n"
        "            for name in ['', *os.listdir(root)] if name[:6] in ('', 'python')}\n"
        " return [name for one in folders for kind in ('site', 'dist')\n"
        "         if os.path.isdir(name := f'{one}/{kind}-packages') and os.listdir(name)]"
    )
    [(_, outcome)] = sandbox.run([Program(source, "f", ("[]",))])
    assert decode(outcome.cases[0].value) == []
