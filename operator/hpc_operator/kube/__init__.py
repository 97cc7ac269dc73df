"""Kubernetes: models at the edge, the store, CRD generation."""
