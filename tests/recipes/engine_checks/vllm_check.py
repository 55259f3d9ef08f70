"""Run by an interpreter that has vLLM: what vLLM's parser and loader make of `vllm serve` and its arguments.

Prints one line of JSON: the load configuration, the loader and, where it runs without a GPU, the tensors it delivers.
"""

# mypy: ignore-errors

import hashlib
import json
import os
import sys

import torch
from vllm.engine.arg_utils import AsyncEngineArgs
from vllm.model_executor.model_loader import get_model_loader
from vllm.model_executor.model_loader.default_loader import DefaultModelLoader
from vllm.utils.argparse_utils import FlexibleArgumentParser

model, *flags = sys.argv[1:]
parser = FlexibleArgumentParser()
AsyncEngineArgs.add_cli_args(parser)
args = AsyncEngineArgs.from_cli_args(parser.parse_args(["--model", model, *flags]))
config = args.create_load_config()
loader = get_model_loader(config)


def digest(tensor):
    raw = tensor.contiguous().view(-1).view(torch.uint8).numpy().tobytes()
    return [hashlib.sha256(raw).hexdigest(), list(tensor.shape)]


weights = None
if config.load_format == "runai_streamer":
    weights = loader._get_weights_iterator(model, None)
elif config.load_format == "safetensors":
    weights = loader._get_weights_iterator(DefaultModelLoader.Source(model, None))
report = {
    "model": args.model,
    "load_format": config.load_format,
    "strategy": config.safetensors_load_strategy,
    "extra": config.model_loader_extra_config,
    "dtype": str(args.dtype),
    "loader": type(loader).__name__,
    "environment": {name: text for name, text in os.environ.items() if name.startswith("RUNAI_STREAMER_")},
    "weights": None if weights is None else {name: digest(tensor) for name, tensor in weights},
}
print(json.dumps(report))  # noqa: T201
