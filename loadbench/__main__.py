"""`python -m loadbench`, and the target of the `loadbench` command.

Nothing is imported here at module level: `multiprocessing` runs the parent's main script again in
every trial process, so each import at this place would be paid once per trial.
"""


def main() -> int:
    """Run the command line and return its exit code."""
    from loadbench.cli import run

    return run()


if __name__ == "__main__":
    raise SystemExit(main())
