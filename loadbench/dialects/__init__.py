"""A gate's result in the dialects of CI systems, each a pure function; and the jobs that run a gate there."""
