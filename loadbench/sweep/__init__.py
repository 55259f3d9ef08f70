"""Axes, plan, rounds, and trials in fresh processes."""
