"""Where the pages are, and what they are made from. No I/O."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
CRD_REFERENCE = ROOT / "docs" / "crd-reference.md"
API_COVERAGE = ROOT / "docs" / "api-coverage.md"
EXAMPLE = ROOT / "examples" / "ehpc-every-field.yaml"
