"""What this machine is and what it can prove: page cache, storage, memory, environment."""
