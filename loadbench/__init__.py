"""loadbench: which loader gets a checkpoint onto the device fastest, on this machine, with proof."""

__version__ = "0.2.0"
