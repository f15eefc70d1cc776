"""The same bytes on every x86-64 processor with AVX2: pins, exact operations, emulated proof."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from tests import canary
from tests.conftest import ROOT
from torch.utils._python_dispatch import TorchDispatchMode

import small_study
import toy_policy as toy
from passk.core import processor
from passk.models import arithmetic
from passk.training import arm as arms
from test_algorithms import OPTIONS

# qemu's name of a processor without AVX-512, for each maker.
EMULATED = {"Intel Haswell": "Haswell", "AMD EPYC": "EPYC"}
HERE = Path(__file__).parent


# --- pins ----------------------------------------------------------------------------------------


def python(code, **environment):
    """Run code in a Python of its own; what it printed, stderr too."""
    clean = {k: v for k, v in os.environ.items() if k not in processor.pins()}
    done = subprocess.run(
        [sys.executable, "-c", code], text=True, check=False, timeout=120,
        env=clean | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    return done.stdout


def test_this_process_is_pinned_and_the_libraries_know():
    assert processor.missing() == []
    assert torch.backends.cpu.get_cpu_capability() == "AVX2"


def test_pins_reach_numpy_and_torch_when_they_are_loaded_afterwards():
    code = (
        "from passk.core.processor import pin; pin()\n"
        "import torch, numpy as np\n"
        "from numpy._core._multiarray_umath import __cpu_features__ as has\n"
        "print(torch.backends.cpu.get_cpu_capability(), torch.get_num_threads(),"
        " has['X86_V3'], has['X86_V4'])"
    )
    assert python(code).split() == ["AVX2", "1", "False", "False"]


def test_pinning_too_late_is_refused_with_the_remedy():
    out = python("import numpy\nfrom passk.core.processor import pin\npin()")
    assert "numpy was imported before its kernels were chosen" in out
    assert "ATEN_CPU_CAPABILITY=avx2" in out


def test_a_stage_that_finds_no_pins_says_so():
    out = python("from passk.models.arithmetic import make_reproducible as m; m()")
    assert "float results will hold for this processor alone" in out


def test_a_processor_without_avx2_gets_no_kernels_that_it_lacks(tmp_path):
    info = tmp_path / "cpuinfo"
    info.write_text("model name\t: old\nflags\t\t: fpu sse2 avx fma\n")
    assert not processor.supported(info)
    info.write_text("flags\t\t: fpu avx2 fma sse2\n")
    assert processor.supported(info)


# --- operations ----------------------------------------------------------------------------------


@pytest.mark.parametrize("transposed", [(False, False), (True, False), (False, True), (True, True)])
@pytest.mark.parametrize("shape", [(5, 7, 3), (1, 9, 4), (6, 1, 1), (0, 3, 2), (4, 0, 2)])
def test_products_are_those_of_torch_whatever_the_layout(shape, transposed):
    m, k, n = shape
    generator = torch.Generator().manual_seed(1)
    sides = [(m, k), (k, n)]
    left, right = (
        torch.randn(*(side[::-1] if turned else side), generator=generator)
        for side, turned in zip(sides, transposed, strict=True)
    )
    left, right = (
        one.T if turned else one for one, turned in zip((left, right), transposed, strict=True)
    )
    wanted = (left.double()[:, :, None] * right.double()[None]).sum(1)
    torch.testing.assert_close(
        arithmetic.multiply(left, right).double(), wanted, rtol=1e-5, atol=1e-6
    )
    added = torch.randn(n, generator=generator)
    given = arithmetic.add_product(added, left, right, beta=0.5, alpha=2.0).double()
    torch.testing.assert_close(given, 0.5 * added + 2 * wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(32, 96), (96, 288), (192, 96), (96, 448), (37, 53), (400, 70)])
def test_independent_rows_have_the_same_bytes_wherever_they_stand(shape):
    generator = torch.Generator().manual_seed(2)
    k, n = shape
    with arithmetic.keep_rows_independent():
        for rows in (1, 4, 8, 12, 13, 64, 128):
            left, right = (torch.randn(s, generator=generator) for s in ((rows, k), (n, k)))
            whole = arithmetic.multiply(left, right.T)
            order = torch.randperm(rows, generator=generator)
            assert torch.equal(arithmetic.multiply(left[order], right.T), whole[order])
            for one in range(min(rows, 9)):
                assert torch.equal(arithmetic.multiply(left[one : one + 1], right.T)[0], whole[one])
    torch.testing.assert_close(whole, arithmetic.multiply(left, right.T), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.int64])
def test_products_of_other_types_stay_with_torch(dtype):
    left, right = (torch.arange(6).reshape(s).to(dtype) for s in ((2, 3), (3, 2)))
    assert arithmetic.multiply(left, right).dtype is dtype
    assert torch.equal(arithmetic.multiply(left, right).long(), torch.tensor([[10, 13], [28, 40]]))


def test_products_of_strided_and_expanded_matrices():
    arithmetic.route_products()
    wide = torch.arange(24.0).reshape(4, 6)
    row = torch.ones(1, 3).expand(4, 3)
    assert torch.equal(wide[:, ::2] @ row.T, wide[:, ::2].contiguous() @ row.T.contiguous())


def test_gradients_of_a_linear_layer_are_those_of_double_precision():
    arithmetic.route_products()
    torch.manual_seed(0)
    layer, x = torch.nn.Linear(5, 3), torch.randn(2, 4, 5, requires_grad=True)
    layer(x).square().sum().backward()
    found = [x.grad.clone(), layer.weight.grad.clone(), layer.bias.grad.clone()]
    twin, y = torch.nn.Linear(5, 3).double(), x.detach().double().requires_grad_()
    twin.load_state_dict(layer.state_dict())
    twin(y).square().sum().backward()
    for ours, exact in zip(found, (y.grad, twin.weight.grad, twin.bias.grad), strict=True):
        torch.testing.assert_close(ours.double(), exact, rtol=1e-5, atol=1e-6)


def test_square_roots_are_correctly_rounded():
    values = torch.rand(4096, dtype=torch.float64).mul(100)
    assert np.array_equal(arithmetic.sqrt(values).numpy(), np.sqrt(values.numpy()))
    # So are deviations, which algorithms divide by: torch sums and takes roots in double precision.
    rows = torch.rand(512, 8)
    deviations = np.sqrt(rows.double().var(dim=1).numpy()).astype(np.float32)
    assert np.array_equal(rows.std(dim=1).numpy(), deviations)


class Operations(TorchDispatchMode):
    """Names of all operations that ran."""

    def __init__(self):
        super().__init__()
        self.names = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.names.add(str(func.overloadpacket))
        return func(*args, **(kwargs or {}))


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    return toy.make_start(tmp_path_factory.mktemp("start"))


@pytest.mark.parametrize("name", OPTIONS)
def test_no_training_calls_torchs_square_root(start, tmp_path, name):
    settings = toy.settings(
        steps=2, checkpoints=[2], algorithm={"name": name, **OPTIONS[name]}, entropy_coef=0.01
    )
    with Operations() as seen:
        arms.train(arms.Arm("toy", settings, 1, start, tmp_path), toy.tasks, toy.printable_start)
    assert {"aten.addmm", "aten._fused_adamw_"} <= seen.names
    assert not [one for one in seen.names if "sqrt" in one and "rsqrt" not in one]


def test_pretraining_calls_no_square_root_of_torchs(tmp_path):
    with Operations() as seen:
        canary.trained(canary.model(), tmp_path)
    assert "aten._fused_adamw_" in seen.names
    assert not [one for one in seen.names if "sqrt" in one and "rsqrt" not in one]


def test_no_source_file_calls_torchs_square_root():
    allowed = ROOT / "src/passk/models/arithmetic.py"
    for path in sorted((ROOT / "src").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if path != allowed:
            assert "torch.sqrt(" not in text, path
            assert ".sqrt()" not in text, path


# --- proof ---------------------------------------------------------------------------------------


def test_a_step_a_draw_and_a_bootstrap_have_the_committed_digests(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "passk.core.processor", str(HERE / "canary.py")], cwd=ROOT,
        text=True, capture_output=True,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")}, check=True, timeout=300,
    )  # fmt: skip
    assert json.loads(done.stdout) == json.loads(canary.RECORDED.read_text()), (
        "results differ from the committed ones: if they are meant to, run "
        "`python -m passk.core.processor tests/canary.py --write`"
    )


@pytest.fixture(scope="module")
def native(tmp_path_factory):
    return small_study.outputs(tmp_path_factory.mktemp("native"))


def test_every_stage_of_a_small_study_has_the_committed_digests(native):
    recorded = json.loads(small_study.RECORDED.read_text())
    differing = {out for out in native.keys() | recorded if native.get(out) != recorded.get(out)}
    assert differing == set(), (
        "results differ from the committed ones: if they are meant to, run "
        "`python tests/small_study.py --write`"
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", EMULATED)
def test_every_stage_of_a_study_gives_the_same_bytes_on_an_emulated_processor(
    native, tmp_path, name
):
    """Models, samples, verdicts, counts, results and page, of math, code and images alike.

    What a stage starts as a process of its own (SymPy's workers, the sandbox) runs natively: it
    computes verdicts, and no floats that are kept.
    """
    emulator = shutil.which("qemu-x86_64")
    if emulator is None:
        pytest.skip("qemu-x86_64 is not installed; `make test-slow` installs it")
    emulated = small_study.outputs(tmp_path, emulator, "-cpu", EMULATED[name])
    assert len(native) > 30
    assert {out for out in native if emulated.get(out) != native[out]} == set()
