"""A hundred thousand programs in one go: bounded memory, killed and resumed, nothing left."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from passk.domains.code.options import CodeOptions
from passk.domains.verdict_cache import VerdictCache

pytestmark = pytest.mark.drill

NUMBER = 100_000
SCRIPT = """
import json, resource, sys
from pathlib import Path
from passk.domains.verdict_cache import VerdictCache
from passk.domains.code.judge import CodeJudge
from passk.domains.code.options import CodeOptions
from passk.domains.code.test_cases import Tests
from passk.domains.code.sandbox.values import encode

folder, number = Path(sys.argv[1]), int(sys.argv[2])
golds = [
    Tests(
        "f", tuple(encode([[n, k, 3, 5]]) for n in range(8)),
        tuple(encode(sorted([n, k, 3, 5])[::-1]) for n in range(8)),
        reference="def f(values): return sorted(values)[::-1]",
    ).dump()
    for k in range(100)
]
tests = [golds[i % 100] for i in range(number)]
programs = [
    f"def f(values):\\n    # {i}\\n    return "
    + ("sorted(values)[::-1]" if i % 3 else "list(values)") for i in range(number)
]
golds = [Tests.load(one) for one in golds]
options = CodeOptions()
cache = VerdictCache(folder, options.grader())
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
known = len(cache)
with CodeJudge(options, cache, calibration=None) as judge:
    found = judge.programs(tests, programs)
right = sum(one.verdict == "correct" for one in found)
wrong = sum(one.verdict == "wrong" for one in found)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([known, right, wrong, before, after]))
"""


def _mounts():
    return Path("/proc/self/mountinfo").read_text(encoding="utf-8").count("\n")


def _bubbles():
    found = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True)
    return {line.split()[0] for line in found.stdout.splitlines() if "bwrap --die" in line}


def test_a_hundred_thousand_programs_killed_and_resumed(tmp_path):
    cache = tmp_path / "cache"
    command = [sys.executable, "-c", SCRIPT, str(cache), str(NUMBER)]
    mounts, listed, others = _mounts(), set(Path("/tmp").iterdir()), _bubbles()
    begun = time.monotonic()
    first = subprocess.Popen(command)
    while time.monotonic() - begun < 1800:
        time.sleep(1)
        with VerdictCache(cache, CodeOptions().grader()) as verdicts:
            kept = len(verdicts)
        if kept > NUMBER // 2:
            break
    mine = _children(first.pid)
    first.send_signal(signal.SIGKILL)
    first.wait()
    time.sleep(2)
    assert not [pid for pid in mine if Path(f"/proc/{pid}").exists()]
    halfway = time.monotonic() - begun
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=3600)
    known, right, wrong, before, after = json.loads(done.stdout)
    print(f"{kept} by {halfway:.0f} s, all by {time.monotonic() - begun:.0f} s; {done.stdout}")
    assert known >= kept
    assert (right, wrong) == (NUMBER - (NUMBER + 2) // 3, (NUMBER + 2) // 3)
    assert after - before < 200 << 10  # KiB
    assert _mounts() == mounts
    assert not {pid for pid in _bubbles() - others if pid in mine}
    assert not {name for name in set(Path("/tmp").iterdir()) - listed if "passk" in name.name}


def _children(pid):
    found, wanted = set(), {str(pid)}
    table = subprocess.run(["ps", "-eo", "pid,ppid"], capture_output=True, text=True, check=True)
    rows = [line.split() for line in table.stdout.splitlines()[1:]]
    while new := {child for child, parent in rows if parent in wanted} - found:
        found |= new
        wanted = new
    return found
