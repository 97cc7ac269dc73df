"""What of the Helm chart is generated: values schema, the README's table, the copy of the CRD, and deploy/install.yaml.

`make chart` writes them, tests compare them. It imports the operator's settings and nothing else of it.
"""
