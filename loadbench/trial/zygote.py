"""What the zygote imports before it forks trials: torch and the worker, no loader library, and no CUDA context."""

import atexit
import contextlib
import gc
import os

import numpy as numpy
import torch as torch
import xxhash as xxhash

from loadbench.trial import worker as worker

with contextlib.suppress(ImportError):
    import boto3 as boto3  # Not a loader: the S3 client that tensorizer imports, most of its import time.

gc.freeze()  # the trials need not look at these objects again in each collection

# Ends the zygote without taking torch apart, which takes half a second; whoever reads our output through a pipe
# would wait for it. The trials do not come here: multiprocessing ends them with os._exit itself.
atexit.register(os._exit, 0)
