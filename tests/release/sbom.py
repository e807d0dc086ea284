"""Reads an SBOM as CycloneDX's schema has it, and looks for what must be in it:

    sbom.py FILE
"""

import json
import pathlib
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

EXPECTED = {"actix-web", "awc", "moka", "quick-xml", "ring", "rustls", "swagger-ui-dist"}


def main(file):
    text = pathlib.Path(file).read_text(encoding="utf-8")
    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if fault:
        sys.exit(f"sbom: {str(fault.data)[:500]}")
    data = json.loads(text)
    names = {component["name"] for component in data["components"]}
    if not EXPECTED <= names:
        sys.exit(f"sbom: {', '.join(sorted(EXPECTED - names))} is missing")
    if names & {"tempfile", "divan", "serde_derive"}:
        sys.exit("sbom: it lists what only tests or builds the program")
    print(f"SBOM: {len(names)} components, valid")


main(*sys.argv[1:])
