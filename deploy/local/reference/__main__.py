"""`python -m reference`: write both pages."""

from reference import coverage_page, crd_page, places


def main() -> None:
    """Write the files."""
    places.CRD_REFERENCE.write_text(crd_page.text())
    places.API_COVERAGE.write_text(coverage_page.text())


if __name__ == "__main__":
    main()
