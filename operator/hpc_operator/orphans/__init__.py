"""`hpc-operator orphans`: clusters of our fleet without a resource, found by reads alone. Nothing is ever deleted."""
