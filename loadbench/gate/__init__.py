"""The regression gate: whether a change made loading slower, with a controlled rate of false alarms."""
