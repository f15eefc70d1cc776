"""The sandbox: values as text, what comes back, limits that disturb nobody, nothing left behind."""

import collections
import enum
import math
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passk.core import closing
from passk.domains.code.sandbox import bubblewrap, connection, frames, task
from passk.domains.code.sandbox.pool import Sandbox, SandboxError
from passk.domains.code.sandbox.task import CaseResult, Limits, Program
from passk.domains.code.sandbox.values import DEEPEST, ValueTextError, decode, encode

bwrap = pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="bubblewrap (bwrap) is not installed: `make sandbox`"
)

hashable = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**40), 10**40)
    | st.floats()
    | st.complex_numbers()
    | st.binary()
    | st.text(st.characters(codec=None)),
    lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3),
    max_leaves=6,
)
anything = st.recursive(
    hashable | st.sets(hashable, max_size=3) | st.binary().map(bytearray),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(hashable, inner, max_size=3),
    max_leaves=12,
)


def same(one, other):
    """Equal with types, the sign of zero, and not-a-number equal to itself."""
    if type(one) is not type(other):
        return False
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return same(list(one.items()), list(other.items()))
    if isinstance(one, (float, complex)):
        return repr(one) == repr(other)
    if isinstance(one, (set, frozenset)):
        return sorted(map(encode, one)) == sorted(map(encode, other))
    return one == other


# --- values ---


@settings(max_examples=200, deadline=None)
@given(anything)
def test_values_come_back_as_they_were(value):
    text = encode(value)
    assert text.isascii()
    assert same(decode(text), value)
    assert encode(decode(text)) == text  # one text per value


@settings(max_examples=100, deadline=None)
@given(st.text(), st.integers(0, 200))
def test_decoding_raises_nothing_else(text, at):
    # Also for what nearly is one.
    valid = encode([1, (2.5, {"a": {3, 1j}}), b"x"])
    for candidate in (text, valid[:at], valid[:at] + text + valid[at:]):
        try:
            decode(candidate)
        except ValueTextError:
            continue


@pytest.mark.parametrize(
    "text",
    [
        *("NaN", "Infinity", "{}", '{"t":1}', '{"q":[]}', '{"t":[],"s":[]}', '{"n":"x"}', "[1,"),
        *('{"s":[[1]]}', '{"d":[[1]]}', '{"b":"zz"}', '{"i":"x"}', '{"c":[1]}', "1" * 5000),
        *("[" * 100_000 + "]" * 100_000, "[" + "[]," * 3_000_000 + "1]", '"' + "x" * (1 << 27)),
    ],
    ids=lambda text: text[:20],
)
def test_texts_that_are_refused(text):
    with pytest.raises(ValueTextError):
        decode(text)


def test_known_texts():
    # The format is kept in problem tables and caches of verdicts.
    assert encode([1, 2.0, True, None, "é"]) == '[1,2.0,true,null,"\\u00e9"]'
    assert encode((1, {2})) == '{"t":[1,{"s":[2]}]}'
    assert encode({1: [], "a": b"\x00"}) == '{"d":[[1,[]],["a",{"b":"00"}]]}'
    assert (
        encode([math.inf, 2**63, -(2**63)])
        == '[{"n":"inf"},{"i":"0x8000000000000000"},-9223372036854775808]'
    )
    assert encode(10**10_000) == encode(10**10_000)  # past what Python writes in decimal


def test_subclasses_are_what_they_hold():
    color = enum.IntEnum("color", "red blue")
    point = collections.namedtuple("point", "x y")
    assert encode([color.blue, point(1, 2)]) == '[2,{"t":[1,2]}]'
    assert encode(collections.Counter("aa")) == encode({"a": 2})
    liar = type("liar", (list,), {"__iter__": lambda self: iter([9]), "__len__": lambda self: 7})
    assert encode(liar([1])) == "[1]"


@pytest.mark.parametrize(
    "value",
    [object(), range(3), (i for i in "a"), type, len],
    ids=lambda value: type(value).__name__,
)
def test_unknown_types_are_named(value):
    with pytest.raises(TypeError, match=type(value).__name__):
        encode([value])


def test_depth_is_limited():
    deep, deeper = [], []
    for _ in range(DEEPEST - 1):
        deep = [deep]
    for _ in range(DEEPEST + 5):
        deeper = [deeper]
    assert same(decode(encode(deep)), deep)
    with pytest.raises(ValueTextError, match="nested"):
        encode(deeper)


@given(st.lists(st.binary(max_size=50)), st.integers(1, 7))
def test_frames_arrive_however_they_are_cut(payloads, size):
    data = b"".join(frames.pack(b"r", payload) for payload in payloads)
    reader = frames.Reader(50)
    found = [one for i in range(0, len(data), size) for one in reader.feed(data[i : i + size])]
    assert found == [(b"r", payload) for payload in payloads]


# --- what comes back ---


@pytest.fixture(scope="module", params=["bubblewrap", "subprocess"])
def sandbox(request):
    if request.param == "bubblewrap" and shutil.which("bwrap") is None:
        pytest.skip("bubblewrap (bwrap) is not installed: `make sandbox`")
    with Sandbox(isolation=request.param) as one:
        yield one


def run(sandbox, *programs, want=None):
    outcomes = dict(sandbox.run(programs, want))
    return [outcomes[i] for i in range(len(programs))]


def kinds(outcome):
    return [(case.kind, case.value) for case in outcome.cases]


def test_a_function(sandbox):
    source = (
        "def f(a, b=0):\n    if a == 1: return {a: (b,)}\n    if a == 2: raise KeyError('no')\n"
        "    if a == 3: return f\n    return [None, 1.5, 'x']"
    )
    [outcome] = run(sandbox, Program(source, "f", ("[1,5]", "[2]", "[3]", "[4]")))
    assert outcome.ended == task.FINISHED
    assert kinds(outcome) == [
        ("returned", '{"d":[[1,{"t":[5]}]]}'),
        ("raised", "KeyError: 'no'"),
        ("opaque", "function"),
        ("returned", '[null,1.5,"x"]'),
    ]
    assert 0 < outcome.cpu < 1


def test_a_hundred_threads_at_one_time(sandbox):
    source = (
        "import threading\ndef f(n):\n    barrier, ran = threading.Barrier(n), []\n"
        "    def meet():\n        barrier.wait()\n        ran.append(1)\n"
        "    threads = [threading.Thread(target=meet) for _ in range(n)]\n"
        "    for thread in threads: thread.start()\n"
        "    for thread in threads: thread.join()\n    return len(ran)"
    )
    assert kinds(*run(sandbox, Program(source, "f", ("[100]",)))) == [("returned", "100")]


def test_a_whole_program_knows_its_file(sandbox):
    source = "import os\nprint(os.path.basename(__file__))"
    assert kinds(*run(sandbox, Program(source, None, ("",)))) == [("printed", "program.py\n")]


def test_arguments_are_new_for_each_case(sandbox):
    source = "def f(xs):\n    xs.append(len(xs))\n    return xs"
    [outcome] = run(sandbox, Program(source, "f", ("[[7]]", "[[7]]")))
    assert kinds(outcome) == [("returned", "[7,1]")] * 2


def test_a_method_on_a_fresh_instance(sandbox):
    source = (
        "class Solution:\n    def __init__(self): self.seen = []\n"
        "    def go(self, x):\n        self.seen.append(x)\n        return self.seen"
    )
    [outcome] = run(sandbox, Program(source, "Solution.go", ("[1]", "[2]")))
    assert kinds(outcome) == [("returned", "[1]"), ("returned", "[2]")]


def test_a_whole_program(sandbox):
    source = (
        "import sys\nif __name__ == '__main__':\n    for line in sys.stdin:\n"
        "        n = int(line)\n        print(n * 2)\n        if n == 9: sys.exit(3)\n"
    )
    inputs = ("1\n2\n", "", "9\n1\n", "x\n", "5\n" * 50_000)
    [outcome] = run(sandbox, Program(source, None, inputs))
    assert outcome.ended == task.FINISHED
    assert kinds(outcome)[:3] == [("printed", "2\n4\n"), ("printed", ""), ("printed", "18\n")]
    assert kinds(outcome)[3][0] == "raised"
    assert kinds(outcome)[3][1].startswith("ValueError: invalid literal")
    assert kinds(outcome)[4] == ("printed", "10\n" * 50_000)


def test_a_whole_program_prints_as_python_would(sandbox):
    # From threads and exit handlers, through the descriptor, in any language; status counts.
    source = (
        "import atexit, os, threading, time\natexit.register(print, 'end')\n"
        "def late():\n    time.sleep(0.05)\n    print('é')\n"
        "threading.Thread(target=late).start()\nos.write(1, b'first\\n')\n"
    )
    left = "import os\nprint('lost')\nos._exit(4)"
    killed = "import os\nos.kill(os.getpid(), 11)"
    outcomes = run(sandbox, *(Program(one, None, ("",)) for one in (source, left, killed)))
    assert [kinds(one)[0] for one in outcomes] == [
        ("printed", "first\né\nend\n"),
        ("raised", "exit status 4"),
        ("raised", "signal 11"),
    ]


# What a whole program may end with, and still have printed 6 for 3.
ENDINGS = {
    "exit": "print(int(input()) * 2)\nexit()",
    "quit": "print(int(input()) * 2)\nquit(1)",
    "sys.exit": "import sys\nprint(int(input()) * 2)\nsys.exit('done')",
    "a file left open": "f = open(1, 'w')\nf.write(str(int(input()) * 2))",
    "a buffer left open": "f = open(1, 'wb')\nf.write(b'%d' % (int(input()) * 2))",
    "a file left open by a function": "def f(n):\n    print(n, end='', file=open(1, 'w'))\n"
    "f(int(input()) * 2)",
    "a file kept elsewhere": "import math\nmath.f = open(1, 'w')\nmath.f.write('6')",
    "sys.__stdout__": "import sys\nsys.__stdout__.write(str(int(sys.__stdin__.readline()) * 2))",
    "sys.stdout closed": "import sys\nprint(int(input()) * 2)\nsys.stdout.close()",
    "sys.stdout gone": "import sys\nprint(int(input()) * 2, flush=True)\nsys.stdout = None",
    "a finalizer": "class A:\n    def __del__(self): print(n)\na = A()\na.a = a\nn = 6",
}


def test_a_whole_program_may_end_as_it_likes(sandbox):
    outcomes = run(sandbox, *(Program(one, None, ("3\n",)) for one in ENDINGS.values()))
    printed = {name: kinds(one) for name, one in zip(ENDINGS, outcomes, strict=True)}
    for name, found in printed.items():
        assert [(kind, text.strip()) for kind, text in found] == [("printed", "6")], name


def test_exit_in_a_function(sandbox):
    source = "def f(x):\n    if x: exit(3)\n    return quit.__name__ and 1"
    [outcome] = run(sandbox, Program(source, "f", ("[0]", "[1]")))
    assert kinds(outcome) == [("returned", "1"), ("raised", "SystemExit: 3")]


def test_a_prelude_shares_the_module_and_a_main_guard_does_not_run(sandbox):
    source = (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        "@dataclass\nclass P:\n    x: int\ndef f(): return sqrt(P(9).x)\n"
        "if __name__ == '__main__': f = None"
    )
    [outcome] = run(sandbox, Program(source, "f", ("[]",), prelude="from math import *"))
    assert kinds(outcome) == [("returned", "3.0")]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def f(:", "SyntaxError: "),
        ("import numpy as nothing_here", "ModuleNotFoundError: No module named 'numpy'"),
        ("x = 1", "NameError: the program does not define 'f'"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("(" * 1000 + ")" * 1000, ""),
        ("\0", ""),
    ],
)
def test_programs_that_do_not_load(sandbox, source, said):
    [outcome] = run(sandbox, Program(source, "f", ("[1]",)))
    assert (outcome.cases, outcome.ended) == ((), task.EXITED)
    assert outcome.detail.startswith(said)


def test_unwanted_programs_stop(sandbox):
    source = "import time\ndef f(x):\n    if x > 3: time.sleep(60)\n    return x"
    seen = []

    def want(program, case, result):
        seen.append((program, case, result.value))
        return case < 2

    program = Program(source, "f", tuple(f"[{i}]" for i in range(9)))
    [outcome] = run(sandbox, program, want=want)
    assert seen == [(0, 0, "0"), (0, 1, "1"), (0, 2, "2")]
    assert outcome.ended == task.FINISHED
    assert len(outcome.cases) == 3
    assert outcome.wall < 10


def test_many_programs_keep_their_results_apart(sandbox):
    programs = [Program(f"def f(x): return [x, {i}]", "f", ("[1]", "[2]")) for i in range(200)]
    for i, outcome in enumerate(run(sandbox, *programs)):
        assert kinds(outcome) == [("returned", f"[1,{i}]"), ("returned", f"[2,{i}]")]


def test_large_results_pass(sandbox):
    program = Program("def f(n): return 'x' * n", "f", ("[5000000]", "[6000000]"))
    [outcome] = run(sandbox, program)
    assert [len(case.value) for case in outcome.cases] == [5_000_002, 6_000_002]


def test_inputs_are_forgotten_and_sent_again(sandbox, monkeypatch):
    monkeypatch.setattr(connection, "_KEPT", 100)
    inputs = [(f'["{"x" * 60}{i}"]',) for i in range(3)]
    programs = [Program("def f(x): return x[-1]", "f", inputs[i % 3]) for i in range(12)]
    outcomes = run(sandbox, *programs)
    assert [kinds(one)[0][1] for one in outcomes] == [f'"{i % 3}"' for i in range(12)]


def test_programs_are_taken_as_they_are_needed(sandbox):
    taken = []

    def source():
        for i in range(1000):
            taken.append(i)
            yield Program("def f(): return 1", "f", ("[]",))

    results = sandbox.run(source())
    for _ in range(10):
        next(results)
    assert len(taken) < 40
    results.close()
    assert len(run(sandbox, Program("def f(): return 1", "f", ("[]",)))) == 1  # and go on


def test_the_same_program_gives_the_same_twice(sandbox):
    # Hash seeds, random numbers, and addresses of servers.
    program = Program("import random\ndef f(): return [random.random(), hash('a')]", "f", ("[]",))
    assert len({one.cases for one in run(sandbox, *[program] * 8)}) == 1


# --- limits: each costs its own program alone ---

SMALL = Limits(cpu=0.5, wall=2.0, memory=128 << 20, processes=8, file_size=1 << 20, output=1 << 20)
GREEDY = {
    "loop": ("def f():\n while True: pass", {task.CPU}),
    "loop in C": ("def f(): return sum(range(10**12))", {task.CPU}),
    "sleep": ("import time\ndef f(): time.sleep(99)", {task.SLEPT}),
    "ignore signals and sleep": (
        "import signal, time\nfor s in range(1, 65):\n try: signal.signal(s, signal.SIG_IGN)\n"
        " except (OSError, ValueError): pass\ndef f():\n while True: time.sleep(1)",
        {task.SLEPT},
    ),
    "fork bomb": (
        "import os\ndef f():\n while True:\n  try: os.fork()\n  except OSError: pass",
        {task.CPU},
    ),
    "threads without end": (
        "import threading, time\ndef f():\n while True:\n"
        "  threading.Thread(target=time.sleep, args=(99,)).start()",
        {task.FINISHED, task.CPU, task.MEMORY},
    ),
    "burning children": (
        "import os\ndef f():\n for _ in range(3):\n  if os.fork() == 0:\n   while True: pass\n"
        " while True: os.wait()",
        {task.FINISHED},  # PermissionError: no program starts another
    ),
    "memory": ("def f():\n v = []\n while True: v.append('x' * 10**6)", {task.MEMORY}),
    "memory at once": ("def f(): return bytearray(10**12)", {task.MEMORY}),
    "memory of children": (
        "import os, time\ndef f():\n for _ in range(4):\n"
        "  if os.fork() == 0:\n   x = bytearray(b'x' * (60 << 20)); time.sleep(99)\n"
        " time.sleep(99)",
        {task.FINISHED},
    ),
    "a huge file": (
        "def f():\n with open('/tmp/x', 'wb') as file:\n  while True: file.write(b'x' * 10**6)",
        {task.FINISHED},  # OSError: File too large
    ),
    "many files": (
        "def f():\n for i in range(10**6):\n"
        "  with open(f'/tmp/{i}', 'wb') as file: file.write(b'x' * 10**6)",
        {task.FINISHED, task.CPU},  # OSError: No space left on device
    ),
    "print without end": ("def f():\n while True: print('x' * 1000)", {task.CPU}),
    "return too much": ("def f(): return 'x' * 5_000_000", {task.OUTPUT}),
    "a daemon": (
        "import os, time\ndef f():\n if os.fork() == 0:\n  os.setsid()\n  while True: pass\n"
        " return 1",
        {task.FINISHED},
    ),
}
WHOLE = {
    "print without end": ("while True: print('x' * 1000)", {task.OUTPUT}),
    "children that print": (
        "import os\nos.fork()\nwhile True: os.write(1, b'x' * 1000)",
        {task.FINISHED},
    ),
    "sleep": ("import time\ntime.sleep(99)", {task.SLEPT}),
    "read nothing, print nothing": ("", {task.FINISHED}),
}


def starved(outcome):
    """The wall limit passed while the machine did something else: unknown, rightly."""
    return outcome.ended == task.FAULT and "waited" in outcome.detail


NEIGHBOUR = Program("def f(x): return sum(range(x))", "f", ("[100000]", "[5]"))


@bwrap
@pytest.mark.parametrize(
    ("entry", "name"),
    [("f", name) for name in GREEDY] + [(None, name) for name in WHOLE],
)
def test_greed_costs_its_own_limit_and_no_neighbour(entry, name):
    source, endings = (GREEDY if entry else WHOLE)[name]
    greedy = Program(source, entry, ("[]" if entry else "x" * 200_000,), limits=SMALL)
    with Sandbox() as sandbox:
        outcomes = run(sandbox, NEIGHBOUR, greedy, *[NEIGHBOUR] * 8)
        assert outcomes[1].ended in endings or starved(outcomes[1]), outcomes[1]
        for outcome in outcomes[:1] + outcomes[2:]:
            assert (outcome.ended, kinds(outcome)) == (
                task.FINISHED,
                [("returned", "4999950000"), ("returned", "10")],
            )
        assert outcomes[1].wall < 30
        assert len(servers(sandbox)) == 5 * len(sandbox.pids)


@pytest.mark.parametrize("name", ["loop", "sleep", "memory at once", "return too much"])
def test_weak_isolation_has_limits(name):
    source, endings = GREEDY[name]
    with Sandbox(isolation="subprocess", servers=1) as sandbox:
        outcomes = run(sandbox, Program(source, "f", ("[]",), limits=SMALL), NEIGHBOUR)
    assert outcomes[0].ended in endings or starved(outcomes[0])
    assert outcomes[1].ended == task.FINISHED


@bwrap
def test_a_long_program_keeps_none_waiting_that_another_server_could_run():
    slow = Program("import time\ntime.sleep(1.5)\ndef f(): pass", "f", ("[]",))
    with Sandbox() as sandbox:
        order = [number for number, _ in sandbox.run([slow, NEIGHBOUR, NEIGHBOUR])]
    assert order[-1] == 0


@bwrap
@pytest.mark.parametrize("entry", ["f", pytest.param("g", marks=pytest.mark.slow)])
def test_a_starved_program_is_the_hosts_fault_and_a_sleeping_one_its_own(entry):
    # Far more busy programs than processors: the wall limit passes before the processor's.
    loop = "import threading\ndef f():\n while True: pass\ndef g():\n"
    loop += " t = threading.Thread(target=f)\n t.start()\n t.join()"
    busy = Program(loop, entry, ("[]",), limits=Limits(cpu=30, wall=1.5))
    hogs = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"])
        for _ in range(6 * (os.cpu_count() or 1))
    ]
    try:
        with Sandbox() as sandbox:
            sleeping = Program(GREEDY["sleep"][0], "f", ("[]",), limits=replace(SMALL, wall=1.5))
            starved, slept = run(sandbox, busy, sleeping)
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()
    assert starved.ended == task.FAULT
    assert "waited" in starved.detail
    assert slept.ended == task.SLEPT


# --- nothing is left ---


def below(pid):
    """Processes that a process has started, and they."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return set()
    return {pid}.union(*(below(int(child)) for child in children))


def servers(sandbox):
    """What a sandbox at rest consists of.

    Bubblewrap twice, a server's two processes, and the guest that waits, each.
    """
    until = time.monotonic() + 10
    while True:  # one may start, or end, still
        found = set().union(*(below(pid) for pid in sandbox.pids))
        if len(found) == 5 * len(sandbox.pids) or time.monotonic() > until:
            return found
        time.sleep(0.02)


def gone(pids, seconds=10.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not any(Path(f"/proc/{pid}").exists() for pid in pids):
            return True
        time.sleep(0.02)
    return False


@bwrap
def test_nothing_is_left_after_closing():
    files = {one.name for one in Path("/tmp").iterdir()}
    mounts = Path("/proc/self/mountinfo").read_text()
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    with Sandbox() as sandbox:
        results = sandbox.run([Program(GREEDY["burning children"][0], "f", ("[]",)), NEIGHBOUR])
        next(results)
        pids = set().union(*(below(pid) for pid in sandbox.pids))
        assert len(pids) > 6
        results.close()
    assert gone(pids)
    assert Path("/proc/self/mountinfo").read_text() == mounts
    assert len(list(Path("/proc/self/fd").iterdir())) <= descriptors + 1  # the selector
    assert (
        not {
            one.name
            for one in Path("/tmp").iterdir()
            if "server" in one.name or "bwrap" in one.name
        }
        - files
    )


@bwrap
@pytest.mark.parametrize("isolation", ["bubblewrap", "subprocess"])
def test_nothing_outlives_a_host_that_is_killed(isolation):
    code = (
        "import sys, time\nfrom passk.domains.code.sandbox.pool import Sandbox\n"
        "from passk.domains.code.sandbox.task import Program\n"
        f"with Sandbox(isolation={isolation!r}, servers=1) as sandbox:\n"
        "    for p in sandbox.run([Program('def f(): return 1', 'f', ('[]',)),\n"
        "                          Program('while True: pass', 'f', ('[]',))]):\n"
        "        print('ready', flush=True)\n"
    )
    host = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert host.stdout is not None
    assert host.stdout.readline() == b"ready\n"
    time.sleep(0.1)
    pids = below(host.pid) - {host.pid}
    assert len(pids) >= 2
    host.kill()
    host.wait()
    host.stdout.close()
    assert gone(pids)


@bwrap
@pytest.mark.parametrize("depth", [0, 2, 3], ids=["bubblewrap", "the server", "its forker"])
def test_a_server_that_dies_is_replaced_and_its_programs_run_again(depth):
    with Sandbox(servers=1) as sandbox:
        sleepy = Program("import time\ndef f():\n time.sleep(0.5)\n return 1", "f", ("[]",))
        results = sandbox.run([NEIGHBOUR, sleepy, NEIGHBOUR])
        assert next(results)[1].ended == task.FINISHED
        pid = sandbox.pids[0]
        before = below(pid)
        for _ in range(depth):
            child, *_ = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            pid = int(child)
        os.kill(pid, signal.SIGKILL)
        outcomes = dict(results)
        assert gone(before)
        assert [outcomes[i].ended for i in (1, 2)] == [task.FINISHED] * 2


# Modules that need a library of the system's.
LIBRARIES = "bz2 ctypes curses decimal hashlib lzma readline sqlite3 ssl uuid zlib"


@bwrap
@pytest.mark.skipif(os.getuid() != 0, reason="the other tests run as an ordinary user already")
@pytest.mark.parametrize("user", [0, 54321], ids=["root", "an ordinary user"])
def test_the_systems_interpreter_and_an_ordinary_user_have_the_same_sandbox(user):
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    version = ["-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
    if python is None or subprocess.run([python, *version], check=False).returncode:
        pytest.skip("no Python 3.11 of the system's that an ordinary user may run")
    code = (
        "from passk.domains.code.sandbox.pool import Sandbox\n"
        "from passk.domains.code.sandbox.task import *\n"
        "look = 'import os\\ndef f(): return [os.getpid(), os.getuid() > 0, os.listdir()]'\n"
        "attacks = ['import os\\ndef f(): os.kill(0, 9)', 'import os\\ndef f(): os.kill(-1, 9)',\n"
        ' \'def f(): open("/x", "w")\', \'def f(): open("/tmp/x", "w").write("x")\',\n'
        " 'import os\\ndef f():\\n while 1:\\n  try: os.fork()\\n  except OSError: pass', look,\n"
        f" 'import {', '.join(LIBRARIES.split())}\\ndef f(): return 1',\n"
        # All pipes that a user may have: the server needs some.
        " 'import fcntl, os\\ndef f():\\n while 1: fcntl.fcntl(os.pipe()[0], 1031, 1 << 20)',\n"
        " 'def f(): return \"x\" * 3_000_000', look]\n"
        "with Sandbox(servers=1) as sandbox:\n"
        "    programs = [Program(one, 'f', ('[]',), limits=Limits(cpu=0.3)) for one in attacks]\n"
        "    for number, one in sandbox.run(programs):\n"
        "        print(number, one.ended, one.cases[0].value[:60] if one.cases else one.detail)\n"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        target = folder / "passk/domains/code/sandbox"
        source = Path(bubblewrap.__file__).parent
        shutil.copytree(source, target)
        shutil.copy(source.parents[1] / "verdict.py", target.parents[1])
        (folder / "passk/core").mkdir()
        shutil.copy(closing.__file__, folder / "passk/core")
        done = subprocess.run(
            [python, "-c", code],
            env={"PYTHONPATH": name, "PATH": os.environ["PATH"]},
            cwd="/",
            user=user,
            group=user,
            extra_groups=[],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.stderr == ""
    lines = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert lines["0"].startswith("exited") or lines["0"].startswith("finished")
    assert lines["2"].startswith("finished OSError: [Errno 30] Read-only file system")
    assert lines["4"].startswith("cpu limit")
    assert lines["5"] == lines["9"] == "finished [1,true,[]]"
    assert lines["6"] == "finished 1"
    assert lines["7"].startswith("finished PermissionError")
    assert lines["8"].startswith("finished")


@bwrap
def test_packages_can_be_imported_if_named():
    program = Program(
        "import numpy\ndef f(n): return [numpy.arange(n).sum(), numpy.float64(0.5)]", "f", ("[4]",)
    )
    with Sandbox(servers=1, packages=["numpy"]) as sandbox:
        [outcome] = run(sandbox, program)
    assert kinds(outcome) == [("returned", "[6,0.5]")]
    with pytest.raises(SandboxError, match="no_such_thing"):
        Sandbox(servers=1, packages=["no_such_thing"]).__enter__()


# --- where it cannot be had ---


def test_bubblewrap_that_is_missing_is_named_with_the_remedy(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SandboxError, match="apt-get install bubblewrap"), Sandbox():
        pass


def test_namespaces_that_are_refused_are_named_with_the_remedy(monkeypatch, tmp_path):
    # A bubblewrap that says what the real one says where user namespaces are off.
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(SandboxError, match="No permissions") as raised, Sandbox():
        pass
    assert "isolation: subprocess" in str(raised.value)
    assert "max_user_namespaces" in str(raised.value)


def test_unknown_isolation_is_refused():
    with pytest.raises(ValueError, match="bubblewrap, subprocess"), Sandbox(isolation="none"):
        pass
    assert bubblewrap.ISOLATIONS == ("bubblewrap", "subprocess")
    assert CaseResult("returned", "1") == CaseResult("returned", "1")
