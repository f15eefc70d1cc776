"""A real Slurm on loopback: a controller and two nodes, in a folder of its own, gone afterwards.

Each node has process ids and a host name of its own, as two hosts have; files are shared. Memory is
limited by control groups of version 1 where the system lets us, else by Slurm's own watch.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

NODES = ("n1", "n2")
CGROUPS = Path("/sys/fs/cgroup")
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "unshare", "setpriv")


def missing() -> str:
    """Why Slurm cannot run here; empty where it can."""
    if os.geteuid():
        return "nodes of Slurm need root"
    lacks = [name for name in PROGRAMS if shutil.which(name, path=_path()) is None]
    return f"needs {', '.join(lacks)}: `make test-slurm` installs Slurm" if lacks else ""


class Slurm:
    """Slurm's commands, and what a test does with a cluster."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self.stack = folder, stack
        self.nodes: dict[str, subprocess.Popen[bytes]] = {}
        self.variables = {"SLURM_CONF": str(folder / "slurm.conf")}

    def call(self, *command: str, check: bool = True) -> str:
        """Run a command of Slurm; its output."""
        done = subprocess.run(
            command, env={**os.environ, **self.variables, "PATH": _path()}, text=True,
            capture_output=True, check=False, timeout=60,
        )  # fmt: skip
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def jobs(self, *states: str, rule: str = "") -> dict[str, str]:
        """Job -> node, of jobs in some states whose rule's name begins so."""
        format_ = "--format=%i|%N|%k"
        listed = self.call("squeue", "--noheader", f"--states={','.join(states)}", format_)
        rows = [line.split("|") for line in listed.splitlines()]
        return {job: node for job, node, comment in rows if comment.startswith(f"rule_{rule}")}

    def is_out(self, node: str) -> bool:
        """Whether a node is drained or down; one in use cannot be resumed."""
        state = self.call("sinfo", "--noheader", f"--nodes={node}", "--format=%T")
        return "drain" in state or "down" in state

    def start_node(self, node: str) -> None:
        """Start a node: its daemon, and what it starts, see processes and a host of their own."""
        # Jobs call srun without SLURM_CONF, as the plugin takes it from them.
        script = (
            f"hostname {node} && mkdir -p /etc/slurm && mount --bind {self.folder} /etc/slurm && "
            f"exec slurmd -D -N {node} -f {self.folder}/slurm.conf"
        )
        self.nodes[node] = _start(
            self.stack, self.folder, "unshare", "--pid", "--fork", "--kill-child", "--mount-proc",
            "--uts", "sh", "-c", script,
        )  # fmt: skip

    def lose_node(self, node: str) -> None:
        """A node dies with all that runs on it, and the controller gets to know."""
        self.nodes[node].kill()
        self.nodes[node].wait()
        self.set_node(node, "down")

    def bring_back(self, node: str) -> None:
        """Start a node that died, and take one that is drained or down into use again."""
        if self.nodes[node].poll() is not None:
            self.start_node(node)
        if self.is_out(node):
            self.set_node(node, "resume")

    def set_node(self, node: str, state: str) -> None:
        """Change a node's state."""
        self.call("scontrol", "update", f"NodeName={node}", f"State={state}", "Reason=test")


def wait_for(holds: Callable[[], object], what: str, seconds: float = 180) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.2)


@contextmanager
def running_slurm(folder: Path) -> Iterator[Slurm]:
    """Start Slurm in a folder; all of it ends with the context."""
    _write_configuration(folder)
    with ExitStack() as stack:
        slurm = Slurm(folder, stack)
        _start(stack, folder, "munged", "--foreground", *_munge_options(folder))
        wait_for((folder / "munge.socket").exists, "munged", 20)
        configuration = str(folder / "slurm.conf")
        _start(stack, folder, "slurmctld", "-D", "-f", configuration)
        for node in NODES:
            slurm.start_node(node)
        idle = ("sinfo", "--noheader", "--format=%D", "--states=idle", "--partition=cpu")
        wait_for(lambda: slurm.call(*idle, check=False) == str(len(NODES)), "nodes", 60)
        try:
            yield slurm
        finally:
            slurm.call("scancel", "--signal=KILL", "--full", "--user=root", check=False)
            slurm.call("scancel", "--user=root", check=False)
            time.sleep(1)
    _remove_groups()


def _path() -> str:
    return f"{os.environ['PATH']}:/usr/sbin:/sbin"


def _start(stack: ExitStack, folder: Path, *command: str) -> subprocess.Popen[bytes]:
    """Start a daemon, which is killed with all that it started when the stack unwinds."""
    name = f"{command[0]}-{len(list(folder.iterdir()))}.out"
    log = stack.enter_context((folder / name).open("w"))
    process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", *command], start_new_session=True,
        env={**os.environ, "PATH": _path()}, stdout=log, stderr=log,
    )  # fmt: skip

    def stop() -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=10)

    stack.callback(stop)
    return process


def _munge_options(folder: Path) -> list[str]:
    names = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log"}
    options = [f"--{option}={folder}/munge.{name}" for option, name in names.items()]
    return [*options, f"--seed-file={folder}/munge.seed"]


def _write_configuration(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for parent in (folder, *folder.parents):  # munge wants its socket where all may go
        if parent.stat().st_mode & 0o755 != 0o755:
            parent.chmod(0o755)
    (folder / "state").mkdir()
    key = folder / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o400)
    groups = _has_groups()
    ports = _free_ports(1 + len(NODES))
    host = socket.gethostname()
    nodes = [
        f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=2 RealMemory=8000"
        for node, port in zip(NODES, ports[1:], strict=True)
    ]
    memory = "" if groups else "JobAcctGatherParams=OverMemoryKill"
    text = f"""
ClusterName=loopback
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin={"task/cgroup" if groups else "task/none"}
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
{memory}
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=batch_sched_delay=0,sched_interval=2,sched_min_interval=0,bf_interval=2
MinJobAge=3600
KillWait=10
ReturnToService=2
MpiDefault=none
SwitchType=switch/none
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
{chr(10).join(nodes)}
PartitionName=cpu Nodes={",".join(NODES)} Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=urgent Nodes={",".join(NODES)} MaxTime=INFINITE State=UP PriorityTier=10
"""
    (folder / "slurm.conf").write_text(text)
    (folder / "cgroup.conf").write_text(
        f"CgroupPlugin=cgroup/v1\nCgroupMountpoint={CGROUPS}\nCgroupAutomount=no\n"
        "ConstrainRAMSpace=yes\n"
    )


def _has_groups() -> bool:
    """Whether control groups of version 1 can be made here."""
    probe = CGROUPS / "memory" / f"slurm-probe-{os.getpid()}"
    try:
        probe.mkdir()
        probe.rmdir()
    except OSError:
        return False
    return (CGROUPS / "freezer").is_dir()


def _remove_groups() -> None:
    """Remove the empty control groups that the nodes left."""
    for node in NODES:
        for root in CGROUPS.glob(f"*/slurm_{node}"):
            for folder in sorted((p for p in root.rglob("*") if p.is_dir()), reverse=True):
                with suppress(OSError):
                    folder.rmdir()
            with suppress(OSError):
                root.rmdir()


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
