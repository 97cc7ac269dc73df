"""Chaos: the operator, the simulator and a genuine API server as processes, put through what a bad week brings.

`make chaos` runs it. Each scenario is one function with its expectation beside it; the run prints one table and fails
if any row is not exactly as expected. The stage itself is that of the end-to-end tests (tests/e2e/stage); nothing of
the operator is imported: it is only ever met from outside.
"""
