"""Lets torchvision load beside a torch that its compiled operators were not built for.

On the processor, vLLM's environment has torch's CPU build, which torchvision's wheel does not fit:
its operators do not load, and it stops at the first that it describes. Pictures need none of them
(they are resized by torch itself), so these are declared, and would fail if they were called.
`make setup-vllm` puts this into the environment, where a `.pth` file imports it at every start:
vLLM looks at models in processes of its own.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class _BeforeTorchvision(MetaPathFinder):
    """Declares the operators when torchvision is about to be imported, and finds nothing."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name == "torchvision":
            sys.meta_path.remove(self)
            import torch

            for operator in ("nms", "qnms"):
                says = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
                torch.library.define(f"torchvision::{operator}", says)
        return None


sys.meta_path.insert(0, _BeforeTorchvision())
