"""Two pages that are generated: docs/crd-reference.md and docs/api-coverage.md.

`make reference` writes them, a test compares them. The first is the CRD's schema, told for people; the second says of
each parameter and call of the HPC API where it is and which tests would fail without it.
"""
