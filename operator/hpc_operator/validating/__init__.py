"""`hpc-operator validate`: manifests checked offline, with the verdict that the API server would give."""
