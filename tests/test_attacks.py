"""Programs that try to pass without solving, to see more than their input, or to leave something.

Each is asked for x * 7 + 3 and does not know it. None may end with the right values, none may
change what the next program sees, and none may leave a trace outside.
"""

import shutil
import socket
import threading
from pathlib import Path

import pytest

from passk.domains.code.judge import CodeJudge
from passk.domains.code.options import CodeOptions
from passk.domains.code.sandbox.pool import Sandbox
from passk.domains.code.sandbox.task import FAULT, FINISHED, RETURNED, CaseResult, Limits, Program
from passk.domains.code.test_cases import Tests

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        shutil.which("bwrap") is None, reason="bubblewrap (bwrap) is not installed: `make sandbox`"
    ),
]

INPUTS, EXPECTED = ("[1]", "[2]", "[30]"), ["10", "17", "213"]
WAITING = Limits(cpu=1.0, wall=2.0, memory=256 << 20)
LIMITS = Limits(cpu=1.0, wall=4.0, memory=256 << 20, output=1 << 20, file_size=1 << 20)
FRAMES = "import os, struct\ndef frame(k, p): return struct.pack('>cI', k, len(p)) + p\n"
SYSCALL = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"

# Reads all memory that it finds mapped around a few objects, the heap's freed parts among it.
SCAN = """
import ctypes, os
libc = ctypes.CDLL(None)
libc.pwrite.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_long]
libc.sbrk.restype, libc.sbrk.argtypes = ctypes.c_void_p, [ctypes.c_long]
W = os.open("/tmp/mapped", os.O_CREAT | os.O_RDWR)
KEPT = ""  # what a program keeps, scanned too
def mapped(page):
    return libc.pwrite(W, page, 1, 0) == 1
def scan():
    large = ctypes.create_string_buffer(300_000)
    seen = []
    for start in (libc.sbrk(0) - 1, id(object()), id(scan), ctypes.addressof(large), id(KEPT)):
        low = high = start & ~4095
        if any(one <= start < other for one, other in seen):
            continue
        while mapped(low - 4096): low -= 4096
        while mapped(high): high += 4096
        seen.append((low, high))
    return [ctypes.string_at(low, high - low) for low, high in seen]
def find(*halves):
    parts = scan()
    found = [sum(part.count(half.encode() + b"MARK") for part in parts) for half in halves]
    return [*found, sum(map(len, parts)) > 1 << 20]
"""

# How each tries; `f` is called with 1, 2 and 30.
ATTACKS = {
    # Ending before the result can be compared.
    "os._exit": "import os\ndef f(x): os._exit(0)",
    "os._exit on load": "import os\nos._exit(0)",
    "sys.exit": "import sys\ndef f(x): sys.exit(0)",
    "sys.exit on load": "import sys\nsys.exit(0)",
    "raise SystemExit": "def f(x): raise SystemExit(0)",
    "raise KeyboardInterrupt": "def f(x): raise KeyboardInterrupt",
    "kill itself": "import os, signal\ndef f(x): os.kill(os.getpid(), signal.SIGKILL)",
    "exec another program": "import os, sys\ndef f(x): os.execv(sys.executable, ['p', '-c', ''])",
    "segmentation fault": "import ctypes\ndef f(x): ctypes.string_at(0)",
    "abort": "import os\ndef f(x): os.abort()",
    # Saying what the host wants to hear.
    "print a verdict": "def f(x): print('{\"passed\": true}', 'OK', 'correct', flush=True)",
    "frame on standard output": FRAMES
    + "def f(x):\n for fd in (0, 1, 2): os.write(fd, frame(b'E', b'{}'))",
    "finished frame at once": FRAMES + "os.write(3, frame(b'f', b''))\ndef f(x): pass",
    "ended frame of the server": FRAMES
    + 'os.write(3, frame(b\'E\', b\'{"number": 0, "stopped": "", "status": 0}\'))\ndef f(x): pass',
    "guessed frames": FRAMES
    + "for _ in range(3): os.write(3, frame(b'r', b'10'))\nos.write(3, frame(b'f', b''))\n"
    "def f(x): pass",
    "frames to every descriptor": FRAMES
    + "for fd in range(256):\n try: os.write(fd, frame(b'r', b'true') * 9)\n"
    " except OSError: pass\ndef f(x): pass",
    "more frames than cases": FRAMES + "os.write(3, frame(b'r', b'1') * 1000)\ndef f(x): pass",
    "a frame of four gigabytes": FRAMES
    + "os.write(3, b'r' + b'\\xff' * 4)\nos.write(3, b'1' * 9999)\ndef f(x): pass",
    "half a frame": FRAMES + "def f(x):\n os.write(3, frame(b'r', b'x' * 99)[:50])\n os._exit(0)",
    "noise": "import os\nos.write(3, os.urandom(5000))\ndef f(x): pass",
    "bytes that are no text": FRAMES + "os.write(3, frame(b'r', b'\\xff\\xfe'))\ndef f(x): pass",
    "close descriptors": "import os\nos.closerange(0, 256)\ndef f(x): return 1",
    "dup2 over the results": "import os\ndef f(x):\n os.dup2(1, 3)\n return 1",
    "close the results midway": "import os\ndef f(x):\n if x == 2: os.close(3)\n return 10",
    # Changing who compares.
    "patch builtins": "import builtins\n"
    "for name in ('all', 'any', 'isinstance', 'type', 'len', 'sorted', 'repr', 'str', 'print'):\n"
    " setattr(builtins, name, lambda *a, **k: True)\ndef f(x): return 1",
    "patch json": "import json\nfor c in (json.JSONEncoder, json.JSONDecoder):\n"
    " c.encode = c.decode = lambda *a, **k: '10'\n"
    "json.dumps = json.loads = lambda *a, **k: True\ndef f(x): return 1",
    "patch struct": "import struct\nstruct.pack = struct.unpack = None\ndef f(x): return 1",
    "patch the harness": "import sys\nfor name, module in list(sys.modules.items()):\n"
    " if name.startswith('passk'):\n"
    "  for key, value in list(vars(module).items()):\n"
    "   if callable(value): setattr(module, key, lambda *a, **k: True)\ndef f(x): return 1",
    "equal to everything": "class A:\n def __eq__(self, o): return True\n"
    " def __ne__(self, o): return False\n __hash__ = None\ndef f(x): return A()",
    "an int that lies": "class A(int):\n def __eq__(self, o): return True\n"
    " def __index__(self): return 10\n def __int__(self): return 10\n"
    " def __repr__(self): return '10'\n __hash__ = int.__hash__\ndef f(x): return A(1)",
    "a str that lies": "class A(str):\n def __eq__(self, o): return True\n"
    " def __str__(self): return '10'\n __hash__ = str.__hash__\ndef f(x): return A('1')",
    "a list that lies": "class A(list):\n def __eq__(self, o): return True\n"
    " def __iter__(self): return iter([10])\ndef f(x): return A([1])",
    "a lying __class__": "class A:\n __class__ = int\n def __int__(self): return 10\n"
    "def f(x): return A()",
    "an exception that lies": "class E(Exception):\n __class__ = int\n"
    " def __str__(self): raise SystemExit\ndef f(x): raise E",
    "a metaclass that lies": "class M(type):\n __name__ = property(lambda s: 1 / 0)\n"
    " def __eq__(s, o): return True\n __hash__ = type.__hash__\n"
    "class A(metaclass=M): pass\ndef f(x): return A()",
    "not a number": "def f(x): return float('nan')",
    # Looking for what is expected.
    "objects of the collector": "import gc\ndef f(x):\n"
    " found = [o for o in gc.get_objects() if isinstance(o, (list, tuple, dict))\n"
    "          and any(str(v) == '213' for v in (o.values() if isinstance(o, dict) else o))]\n"
    " return found[0] if found else None",
    "frames of callers": "import sys\ndef f(x):\n frame, found = sys._getframe(), []\n"
    " while frame:\n  found += [v for k, v in frame.f_locals.items() if 'expect' in k]\n"
    "  frame = frame.f_back\n return found[x - 1] if found else None",
    "trace the harness": "import sys\ndef tracer(frame, event, arg):\n"
    " for k in frame.f_locals:\n  if k in ('value', 'text'): frame.f_locals[k] = '10'\n"
    " return tracer\nsys.settrace(tracer)\ndef f(x): return 1",
    "arguments of the process": "import sys\ndef f(x): return sys.argv + sys.orig_argv",
    "environment": "import os\ndef f(x): return sorted(os.environ.items())",
    "other processes": "import os\ndef f(x): return os.listdir('/proc')",
    "process 1's memory": "def f(x): return open('/proc/1/mem', 'rb').read(1)",
    "the server's files": "import os\ndef f(x): return os.listdir('/tmp/server')",
    # Outliving the program, or ending others.
    "fork away": "import os, time\ndef f(x):\n if os.fork(): os._exit(0)\n time.sleep(60)",
    "a daemon": "import os, time\ndef f(x):\n if os.fork() == 0:\n"
    "  os.setsid()\n  if os.fork() == 0: time.sleep(60)\n  os._exit(0)\n return 1",
    "a daemon that answers later": FRAMES
    + "import time\ndef f(x):\n if os.fork() == 0:\n  os.setsid(); time.sleep(0.2)\n"
    "  while True: os.write(3, frame(b'r', b'10'))\n os._exit(0)",
    "threads that outlive": "import threading, time\n"
    "threading.Thread(target=time.sleep, args=(60,)).start()\ndef f(x): return 1",
    "exit handlers": "import atexit, time\natexit.register(time.sleep, 60)\ndef f(x): return 1",
    "signal the parent": "import os, signal\ndef f(x):\n os.kill(os.getppid(), signal.SIGKILL)",
    "signal the process group": "import os, signal\ndef f(x): os.kill(0, signal.SIGKILL)",
    "signal everybody": "import os, signal\ndef f(x):\n"
    " for pid in [-1, *range(2, 400)]:\n  try: os.kill(pid, signal.SIGKILL)\n"
    "  except OSError: pass\n return 1",
    "signal through a descriptor": "import os, signal\ndef f(x):\n"
    " for pid in range(2, 400):\n  try: signal.pidfd_send_signal(os.pidfd_open(pid), 9)\n"
    "  except OSError: pass\n return 1",
    "stop itself": "import os, signal\ndef f(x):\n if os.fork() == 0: os.kill(os.getpid(), 19)\n"
    " os.wait()",
    "alarms": "import signal\nsignal.setitimer(signal.ITIMER_REAL, 0.01)\n"
    "def f(x):\n while True: pass",
    "ignore every signal": "import signal\nfor s in range(1, 65):\n"
    " try: signal.signal(s, signal.SIG_IGN)\n except (OSError, ValueError): pass\n"
    "def f(x):\n while True: pass",
    "raise limits": "import resource\ndef f(x):\n"
    " for k in (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_NPROC):\n"
    "  resource.setrlimit(k, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n return 1",
    # Kernel calls. What works returns 0, which is no answer; what does not, -1.
    "ptrace": SYSCALL + "def f(x): return libc.ptrace(16, 1, 0, 0), libc.ptrace(16, 2, 0, 0)",
    "mount": SYSCALL + "def f(x): return libc.mount(b'x', b'/usr', b'tmpfs', 0, None)",
    "unmount": SYSCALL + "import os\ndef f(x): return libc.umount2(b'/tmp', 2), os.listdir('/tmp')",
    "a new user namespace": SYSCALL + "def f(x): return libc.unshare(0x10000000)",
    "clone with namespaces": SYSCALL + "def f(x): return libc.syscall(56, 0x10020011, 0, 0, 0, 0)",
    "become root": "import os\ndef f(x): os.setresuid(0, 0, 0)",
    "leave the root": "import os\ndef f(x): os.chroot('/tmp')",
    "devices": "import os, stat\ndef f(x): os.mknod('/tmp/d', stat.S_IFBLK | 0o666, 0x100)",
    # The host's files and network.
    "read /etc/passwd": "def f(x): return open('/etc/passwd').read()",
    "read home": "import os\ndef f(x): return os.listdir(os.path.expanduser('~root')) or '10'",
    "read this file": f"def f(x): return open({__file__!r}).read()",
    "write to the root": "def f(x): open('/left', 'w').write('x')",
    "write to the interpreter": "import os\ndef f(x): open(os.__file__, 'a').write('x')",
    "connect to the network": "import socket\ndef f(x):\n"
    " return socket.create_connection(('1.1.1.1', 53), timeout=1) and 10",
    "names": "import socket\ndef f(x): return socket.gethostbyname('example.com')",
    # Too much.
    "an integer of a million digits": "def f(x): return 10 ** 1_000_000",
    "a string of megabytes": "def f(x): return 'x' * 9_000_000",
    "deep nesting": "def f(x):\n v = []\n for _ in range(100_000): v = [v]\n return v",
    "deep nesting, forged": FRAMES
    + "for _ in range(3): os.write(3, frame(b'r', b'[' * 20000 + b']' * 20000))\ndef f(x): pass",
    "a list within itself": "def f(x):\n v = []\n v.append(v)\n return v",
    "recursion": "import sys\nsys.setrecursionlimit(10**9)\ndef f(x): return f(x) + 1",
    "a generator": "def f(x): yield x * 7 + 3",
    "an iterator without end": "import itertools\ndef f(x): return itertools.count()",
    "a message without end": "def f(x): raise ValueError('x' * 10**8)",
}


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(servers=1) as one:
        yield one


def solved(outcome):
    return outcome.ended == FINISHED and [(case.kind, case.value) for case in outcome.cases] == [
        (RETURNED, value) for value in EXPECTED
    ]


# What the next program sees: nothing of the last one.
LOOK = Program(
    "import os\nleft = os.listdir('/tmp') + os.listdir('/dev/shm')\n"
    "def f():\n    return [left, os.getpid(), len(str(os.environ)), sorted(os.listdir('/dev'))]",
    "f",
    ("[]",),
)


@pytest.fixture(scope="module")
def seen(sandbox):
    [(_, outcome)] = sandbox.run([LOOK])
    assert outcome.ended == FINISHED
    assert outcome.cases[0].value.startswith("[[],1,")  # nothing left, and process 1
    return outcome.cases


def processes(sandbox):
    """What lives below the sandbox's servers, but for guests, which have a namespace deeper."""
    found, wanted = [], list(sandbox.pids)
    while wanted:
        pid = wanted.pop()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        found += [child for child in children if _depth(child) < 3]
        wanted += map(int, children)
    return sorted(found)


def _depth(pid):
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 3
    return next(len(line.split()) - 1 for line in lines if line.startswith("NSpid"))


def test_the_question_can_be_answered(sandbox):
    # Otherwise nothing below would mean anything.
    [(_, outcome)] = sandbox.run([Program("def f(x): return x * 7 + 3", "f", INPUTS)])
    assert solved(outcome)


@pytest.mark.parametrize("name", ATTACKS)
def test_no_attack_passes_or_leaves_a_trace(sandbox, seen, name, tmp_path):
    before, files = processes(sandbox), {one.name for one in Path("/tmp").iterdir()}
    mounts = Path("/proc/self/mountinfo").read_text()
    limits = WAITING if name == "stop itself" else LIMITS  # it lasts for as long as it may
    [(_, outcome)] = sandbox.run([Program(ATTACKS[name], "f", INPUTS, limits=limits)])
    assert not solved(outcome), outcome
    # Never the sandbox's own fault; on a busy machine a limit may be that of waiting for it.
    assert outcome.ended != FAULT or "waited" in outcome.detail, outcome
    assert len(outcome.cases) <= len(INPUTS)
    [(_, after)] = sandbox.run([LOOK])
    assert after.cases == seen
    assert processes(sandbox) == before  # the same server, and nobody else
    assert Path("/proc/self/mountinfo").read_text() == mounts
    assert not {one.name for one in Path("/tmp").iterdir() if "left" in one.name} - files


def test_no_attack_is_judged_correct():
    tests = Tests("f", INPUTS, tuple(EXPECTED), reference="def f(x): return x * 7 + 3").dump()
    # All but the one that waits for its wall limit, which is 20 s and more here.
    attacks = {name: source for name, source in ATTACKS.items() if name != "stop itself"}
    sources = [*attacks.values(), "def f(x): return x * 7 + 3"]
    texts = [f"```python\n{source}\n```" for source in sources]
    options = CodeOptions(cpu_floor=0.3, cpu_factor=1.0, memory_mib=256)
    with CodeJudge(options, calibration=None) as judge:
        *verdicts, honest = judge([tests] * len(texts), texts)
    assert honest.verdict == "correct"
    found = {name: one.verdict for name, one in zip(attacks, verdicts, strict=True)}
    assert {name for name, verdict in found.items() if verdict == "correct"} == set()
    faults = [name for name, one in zip(attacks, verdicts, strict=True) if one.verdict != "wrong"]
    assert len(faults) <= 5, faults  # on a busy machine; none forces it


def refused(outcome):
    return all(case.kind == "raised" for case in outcome.cases) and outcome.cases


@pytest.mark.parametrize(
    "name",
    [
        *("become root", "leave the root", "devices", "read /etc/passwd", "read home"),
        *("read this file", "write to the root", "write to the interpreter", "other processes"),
        *("connect to the network", "process 1's memory", "the server's files", "names"),
        "raise limits",
    ],
)
def test_what_is_forbidden_is_refused(sandbox, name):
    # Not merely a wrong answer: the call itself fails.
    [(_, outcome)] = sandbox.run([Program(ATTACKS[name], "f", INPUTS, limits=LIMITS)])
    assert refused(outcome), outcome


@pytest.mark.parametrize(
    "name", ["ptrace", "mount", "a new user namespace", "clone with namespaces"]
)
def test_kernel_calls_are_refused(sandbox, name):
    [(_, outcome)] = sandbox.run([Program(ATTACKS[name], "f", INPUTS, limits=LIMITS)])
    assert {case.value for case in outcome.cases} <= {"-1", '{"t":[-1,-1]}'}, outcome


@pytest.mark.parametrize("address", ["loopback", "abstract"])
def test_servers_of_the_host_are_out_of_reach(sandbox, address):
    family = socket.AF_INET if address == "loopback" else socket.AF_UNIX
    with socket.socket(family) as listener:
        listener.bind(("127.0.0.1", 0) if family == socket.AF_INET else b"\0passk-attack")
        listener.listen()
        listener.settimeout(0.2)
        source = (
            "import socket\ndef f():\n"
            f" with socket.socket({family.value}) as s:\n"
            f"  s.connect({listener.getsockname()!r})\n  return 10"
        )
        [(_, outcome)] = sandbox.run([Program(source, "f", ("[]",))])
        assert refused(outcome), outcome
        with pytest.raises(TimeoutError):
            listener.accept()


def test_what_one_program_changes_the_next_does_not_see(sandbox):
    change = (
        "import builtins, math, os, random, sys\nbuiltins.len = math.pi = None\n"
        "sys.modules['json'] = None\nrandom.seed(5)\nos.environ['LEFT'] = '1'\n"
        "open('/tmp/left', 'w').write('x')\ndef f(x): return 1"
    )
    look = (
        "import json, math, os, random\ndef f(x):\n"
        " return [len([x]), math.pi > 3, 'LEFT' in os.environ, os.listdir('.'), random.random()]"
    )
    programs = [Program(source, "f", ("[1]",)) for source in (look, change, look)]
    outcomes = dict(sandbox.run(programs))
    assert outcomes[0].cases == outcomes[2].cases
    assert outcomes[0].cases[0].value.startswith("[1,true,false,[],0.")


def test_cases_of_a_whole_program_cannot_touch_each_other(sandbox):
    # The first case would leave a process, or a thread, that prints into the second's output.
    source = (
        "import os, threading, time\ndef forge():\n    time.sleep(0.1)\n"
        "    print('forged', flush=True)\n    os.kill(1, 9)\n"
        "if input() == 'a':\n"
        "    try:\n        if os.fork() == 0: forge()\n"
        "    except OSError: print('refused')\n"
        "    threading.Thread(target=forge, daemon=True).start()\n"
        "else:\n    time.sleep(0.3)\n    print('second')\n"
    )
    [(_, outcome)] = sandbox.run([Program(source, None, ("a\n", "b\n"), limits=LIMITS)])
    assert outcome.cases[1] == CaseResult("printed", "second\n")
    assert outcome.cases[0].value.startswith("refused\n")


@pytest.mark.parametrize("size", [1, 400, 20_000])
def test_no_other_programs_source_input_or_output_is_in_memory(sandbox, size):
    # Small and large, as allocators keep what is freed in different places.
    victim = Program(
        f"# {'SOURCEMARK ' * size}\ndef f(x): return ('OUTPUT' + 'MARK') * {size}",
        "f",
        (f'["{"INPUTMARK" * size}"]',),
    )
    look = Program(SCAN, "find", ('["SOURCE","OUTPUT","INPUT"]',))
    outcomes = dict(sandbox.run([victim, victim, look]))
    assert "OUTPUTMARK" in outcomes[0].cases[0].value
    assert [case.value for case in outcomes[2].cases] == ["[0,0,0,true]"]
    # The same finds what the program itself keeps. Its source would not do: the interpreter lets
    # go of it, and whether large memory that was let go of is still mapped differs by run.
    own = Program(f"{SCAN}\nKEPT = 'SOURCEMARK ' * {size}", "find", ('["SOURCE"]',))
    [(_, outcome)] = sandbox.run([own])
    assert not outcome.cases[0].value.startswith("[0"), outcome


def test_the_reference_solution_is_not_in_memory():
    # It runs in the same servers, for the limits of time; here with a copy of its own text.
    reference = f"def f(x):\n    # {'SECRETMARK ' * 50}\n    return x * 7 + 3"
    tests = Tests("f", INPUTS, tuple(EXPECTED), reference=reference).dump()
    cheat = f"{SCAN}\nfound = find('SECRET')[0]\ndef f(x): return x * 7 + 3 if found else None"
    texts = [f"```python\n{source}\n```" for source in (reference, cheat, cheat + "\n#")]
    with CodeJudge(CodeOptions(memory_mib=256), calibration=None, workers=1) as judge:
        verdicts = judge([tests] * len(texts), texts)
    assert [one.verdict for one in verdicts] == ["correct", "wrong", "wrong"]


@pytest.mark.parametrize("entry", ["f", None])
def test_no_program_can_say_that_the_sandbox_failed(sandbox, entry):
    # Neither with the sandbox's own words nor with an error where it does not expect one.
    forged = FRAMES + "os.write(3, frame(b'u', b''))\nos._exit(0)"
    again = FRAMES + "os.write(3, frame(b'c', b'') + frame(b'u', b''))\nos._exit(0)"
    forks = (  # the next case has no process left
        "import os, signal\nfor n in range(64):\n try:\n  if os.fork() == 0:\n"
        "   signal.pause()\n except OSError: break\n"
    )
    closed = "import os\nos.close(3)\nos.close(0)\ndef f(x): return 1"
    programs = [
        Program(source, entry, ("[1]", "[2]"), limits=WAITING)
        for source in (forged, again, forks, closed)
    ]
    for _, outcome in sandbox.run(programs):
        assert outcome.ended != FAULT or "waited" in outcome.detail, outcome


def test_expected_outputs_are_nowhere_in_the_process(sandbox):
    # All objects that the interpreter can reach, and all memory that it may read.
    source = (
        "import gc, sys\ndef f(x):\n"
        " seen = [o for o in gc.get_objects()]\n"
        " texts = [t for o in seen if isinstance(o, dict) for t in o.values() if type(t) is str]\n"
        " return any('2' + '13' == t for t in texts)"
    )
    [(_, outcome)] = sandbox.run([Program(source, "f", INPUTS)])
    assert {case.value for case in outcome.cases} == {"false"}


def test_runs_from_another_thread(sandbox):
    # Servers die with the thread that started them, so they must not be started in passing ones.
    found = []
    program = Program("def f(x): return x * 7 + 3", "f", INPUTS)
    thread = threading.Thread(target=lambda: found.extend(sandbox.run([program])))
    thread.start()
    thread.join()
    assert solved(found[0][1])
