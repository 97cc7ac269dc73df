"""`make argocd`: write what is generated, and take away test data of rows that are gone."""

from argo.files import SCRIPTS, generated


def main() -> None:
    """Write the files."""
    made = generated()
    for place in SCRIPTS.rglob("testdata/*.yaml"):
        if place not in made:
            place.unlink()
    for place, text in made.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)


if __name__ == "__main__":
    main()
