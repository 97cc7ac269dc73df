"""`python -m chart_files`: write everything that is generated. Helm is taken from the cache, or built."""

from chart_files import install_manifest, places, values_schema, values_table
from chart_files.documented import documented
from local_control_plane import binaries


def main() -> None:
    """Write the files."""
    places.CRD_COPY.write_text(places.CRD.read_text())
    values = documented(places.VALUES.read_text())
    places.SCHEMA.write_text(values_schema.text(values))
    places.README.write_text(values_table.readme(places.README.read_text(), values))
    places.INSTALL.write_text(install_manifest.manifest(binaries.ensure(["helm"])["helm"]))


if __name__ == "__main__":
    main()
