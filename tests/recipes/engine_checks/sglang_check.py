"""Run by an interpreter that has SGLang: what its parser and loader make of `sglang.launch_server`'s arguments.

Prints one line of JSON: the load configuration, the loader and, where it runs without a GPU, the tensors it delivers.
"""

# mypy: ignore-errors

import argparse
import hashlib
import json
import os
import sys
from pathlib import Path

import torch
from sglang.srt.configs.load_config import LoadConfig
from sglang.srt.model_loader import weight_utils
from sglang.srt.model_loader.loader import get_model_loader
from sglang.srt.server_args import ServerArgs

parser = argparse.ArgumentParser()
ServerArgs.add_cli_args(parser)
args = parser.parse_args(sys.argv[1:])
config = LoadConfig(load_format=args.load_format, model_loader_extra_config=args.model_loader_extra_config)
loader = get_model_loader(config)


def digest(tensor):
    raw = tensor.contiguous().view(-1).view(torch.uint8).numpy().tobytes()
    return [hashlib.sha256(raw).hexdigest(), list(tensor.shape)]


files = sorted(str(file) for file in Path(args.model_path).glob("*.safetensors"))
weights = None
if config.load_format.value == "runai_streamer":
    weights = weight_utils.runai_safetensors_weights_iterator(files)
elif config.load_format.value == "safetensors":
    weights = weight_utils.safetensors_weights_iterator(files)
report = {
    "model": args.model_path,
    "load_format": config.load_format.value,
    "extra": config.model_loader_extra_config,
    "dtype": str(args.dtype),
    "loader": type(loader).__name__,
    "environment": {name: text for name, text in os.environ.items() if name.startswith("RUNAI_STREAMER_")},
    "weights": None if weights is None else {name: digest(tensor) for name, tensor in weights},
}
print(json.dumps(report))  # noqa: T201
