"""Pure functions on records: statistics and summaries."""
