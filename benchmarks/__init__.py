"""What the operator costs, measured on real processes: one table of ratios and counts, each with its goal.

`make bench` runs it (`python -m benchmarks`). Nothing of the operator imports it, and no test asserts a time: a machine
may be slow. It may import the end-to-end stage (`tests/e2e/stage`), the scenes of the decision tables and the
operator's pure rooms; the operator itself is only ever met as a process.
"""
