"""hpc-operator: HpcCluster resources become QingCloud HPC clusters, each bought exactly once."""
