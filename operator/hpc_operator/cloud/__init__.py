"""The HPC API: signing, wire, transport, calls, shared looks, budget."""
