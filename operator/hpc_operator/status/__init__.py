"""`hpc-operator status`: what an HpcCluster does, waits for and needs, from Kubernetes alone. Reads only."""
