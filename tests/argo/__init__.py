"""Argo CD's side of deploy/argocd: its sandbox, its test format, and what is generated from the status table."""
