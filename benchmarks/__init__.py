"""Measurements. Each module prints a table and then one line of JSON; `python -m benchmarks` runs them all."""
