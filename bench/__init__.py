"""Measurements: each script prints a ratio to a baseline measured in the same run."""
