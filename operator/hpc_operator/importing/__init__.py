"""`hpc-operator import`: a manifest for a cluster that exists already, from reads alone."""
