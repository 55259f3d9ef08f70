"""The worker side: one trial in a process of its own."""
