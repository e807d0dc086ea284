"""Writes the list of what is in a binary (an SBOM) as CycloneDX 1.6:

    python3 deploy/release/sbom.py BINARY FILE

It names the crates that are compiled in for this machine's target, and Swagger UI. The same commit and binary give the
same file.
"""

import datetime
import hashlib
import json
import pathlib
import subprocess
import sys
import uuid

import crates
import swagger_ui


def output(*command):
    return subprocess.check_output(command, text=True).strip()


def component(package, checksums):
    name, version = package["name"], package["version"]
    reference = f"pkg:cargo/{name}@{version}"
    described = {"type": "library", "bom-ref": reference, "name": name, "version": version, "purl": reference}
    described["licenses"] = [{"expression": crates.expression(package)}]
    if (name, version) in checksums:
        described["hashes"] = [{"alg": "SHA-256", "content": checksums[name, version]}]
    if package["description"]:
        described["description"] = " ".join(package["description"].split())
    if package["repository"]:
        described["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
    return described


def dependencies(packages):
    """Which component needs which, in the order of their names."""
    references = {id: f"pkg:cargo/{package['name']}@{package['version']}" for id, package in packages.items()}
    rows = [(references[id], sorted(references[each] for each in package["needs"])) for id, package in packages.items()]
    return [{"ref": reference, "dependsOn": needs} for reference, needs in sorted(rows)]


def describe(binary):
    target = output("rustc", "--print", "host-tuple")
    root, packages = crates.linked(target)
    checksums = crates.checksums()
    components = [component(package, checksums) for package in packages.values()]
    version = swagger_ui.bundled_version()
    interface = f"pkg:npm/swagger-ui-dist@{version}"
    components.append({
        "type": "library", "bom-ref": interface, "name": "swagger-ui-dist", "version": version, "purl": interface,
        "licenses": [{"expression": "Apache-2.0"}],
    })  # fmt: skip
    digest = hashlib.sha256(pathlib.Path(binary).read_bytes()).hexdigest()
    program = component(root, {(root["name"], root["version"]): digest})
    program["type"] = "application"
    tree = dependencies({root["id"]: root, **packages})
    [row] = [row for row in tree if row["ref"] == program["bom-ref"]]
    row["dependsOn"].append(interface)
    committed = datetime.datetime.fromtimestamp(int(output("git", "log", "-1", "--format=%ct")), datetime.UTC)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": uuid.uuid5(uuid.NAMESPACE_OID, digest).urn,
        "version": 1,
        "metadata": {
            "timestamp": committed.isoformat(),
            "component": program,
            "properties": [{"name": "rustc", "value": output("rustc", "--version")}, {"name": "target", "value": target}],
        },
        "components": sorted(components, key=lambda each: each["bom-ref"]),
        "dependencies": tree,
    }


if __name__ == "__main__":
    binary, file = sys.argv[1:]
    pathlib.Path(file).write_text(json.dumps(describe(binary), indent=2) + "\n", encoding="utf-8")
