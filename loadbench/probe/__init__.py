"""The ceilings of a machine: how fast each stage of a load can be here, each measured by itself."""
