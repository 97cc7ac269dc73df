"""`hpc-operator doctor`: one account and one Kubernetes looked at by reads alone, one line for each check."""
