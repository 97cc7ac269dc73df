"""What the image is made of: its bill of materials, and what is known against it.

Used by `make sbom` and `make audit`.
"""
