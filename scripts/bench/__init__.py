"""Benchmarks: ratios of one run, on the machine at hand. Never timed tests in CI."""
