"""Where the chart and what is generated for it are. No I/O."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
CHART = ROOT / "deploy" / "charts" / "hpc-operator"
VALUES = CHART / "values.yaml"
SCHEMA = CHART / "values.schema.json"
README = CHART / "README.md"
CRD_COPY = CHART / "files" / "hpcclusters.yaml"
ALERTS = CHART / "files" / "alerts.yaml"
DASHBOARD = CHART / "files" / "dashboard.json"
CRD = ROOT / "crds" / "hpcclusters.yaml"
INSTALL = ROOT / "deploy" / "install.yaml"
