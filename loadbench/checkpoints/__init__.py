"""Checkpoints: shapes, synthetic files, conversion, manifests."""
