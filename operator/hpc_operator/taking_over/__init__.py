"""`hpc-operator take-over`: a restored fleet goes on with its clusters. Nothing is called that changes a cluster."""
