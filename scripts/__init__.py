"""What people run: the command line, the engine, set-up, benchmarks."""
