"""Where vLLM's environment is, for tests that run in the pipeline's: `make setup-vllm` makes it."""

import pytest
from tests.conftest import ROOT

PYTHON = ROOT / ".venv-vllm" / "bin" / "python"
needs_vllm = [
    pytest.mark.vllm,
    pytest.mark.skipif(not PYTHON.exists(), reason="no environment of vLLM: make setup-vllm"),
]
# Threads that wait by turning would wait for each other on a machine that does other things too.
VARIABLES = {
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "OMP_NUM_THREADS": "1",
}
