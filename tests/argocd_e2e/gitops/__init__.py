"""A genuine Argo CD for tests: its processes on a genuine API server, git repositories on disk, our examples applied.

Tests of this folder import from here. Of `tests/e2e/stage` it takes simulator, node and waiting.
"""

from gitops.applications import Application, example, projects
from gitops.argocd import ArgoCD, Refused
from gitops.following import Following
from gitops.repository import Repository
from gitops.site import Site

__all__ = ["Application", "ArgoCD", "Following", "Refused", "Repository", "Site", "example", "projects"]
