"""Checks rendered manifests against schemas, strictly: what a schema does not name is a fault, and all faults are told.

    schemas.py [--crds DIRECTORY] FILE...

Kubernetes' own kinds are held against the schemas of the three newest versions that kubernetes-validate carries, custom
kinds against the CustomResourceDefinitions in DIRECTORY with their CEL rules; without it, routes and policies are skipped. What
the Prometheus operator defines is left to types.mjs.
"""

import argparse
import copy
import json
import pathlib
import sys
from importlib import resources

import cel
import jsonschema
import referencing
import yaml

BUNDLE = resources.files("kubernetes_validate") / "kubernetes-json-schema"
OWN_DEFINITIONS = pathlib.Path(__file__).with_name("definitions.yaml")
CHECKED_BY_TYPES = "monitoring.coreos.com/"
ROUTES_AND_POLICIES = ("gateway.networking.k8s.io/", "gateway.envoyproxy.io/", "gateway.nginx.org/")


def newest_versions(count=3):
    """Names the newest versions in the bundle, such as `1.37.0`."""
    names = (entry.name for entry in BUNDLE.iterdir())
    versions = [name[1:].removesuffix("-local-strict") for name in names if name.endswith("-local-strict")]
    return sorted(versions, key=lambda version: [int(part) for part in version.split(".")])[-count:]


class CoreKinds:
    """The kinds of one version of Kubernetes."""

    def __init__(self, version):
        self.version = version
        self.folder = BUNDLE / f"v{version}-local-strict"
        definitions = json.loads((self.folder / "_definitions.json").read_text())
        self.definitions = referencing.Resource.from_contents(definitions)

    def faults(self, manifest):
        group, _, version = manifest["apiVersion"].rpartition("/")
        prefix = group.split(".")[0] + "-" if group else ""
        file = self.folder / f"{manifest['kind'].lower()}-{prefix}{version}.json"
        if not file.is_file():
            return [f"no schema for {manifest['apiVersion']} {manifest['kind']} in Kubernetes {self.version}"]
        schema = json.loads(file.read_text())
        own = referencing.Resource.from_contents(schema)
        registry = self.definitions @ (own @ referencing.Registry())
        validator = jsonschema.Draft202012Validator(schema, registry=registry)
        return [f"{place(error)} (Kubernetes {self.version})" for error in validator.iter_errors(manifest)]


class CustomKinds:
    """The kinds that the CustomResourceDefinitions of a folder define."""

    def __init__(self, folder):
        self.schemas = {}
        files = [*sorted(pathlib.Path(folder).glob("*.yaml")), OWN_DEFINITIONS] if folder else []
        for file in files:
            for definition in yaml.load_all(file.read_text(), yaml.CSafeLoader):
                if definition and definition["kind"] == "CustomResourceDefinition":
                    self.add(definition["spec"])
        if folder and len(files) == 1:
            raise SystemExit(f"no CustomResourceDefinition in {folder}")

    def add(self, definition):
        for version in definition["versions"]:
            schema = version["schema"]["openAPIV3Schema"]
            schema["properties"]["metadata"] = {"type": "object"}
            close(schema)
            self.schemas[f"{definition['group']}/{version['name']}", definition["names"]["kind"]] = schema

    def faults(self, manifest):
        schema = self.schemas[manifest["apiVersion"], manifest["kind"]]
        faults = [place(error) for error in jsonschema.Draft202012Validator(schema).iter_errors(manifest)]
        if faults:
            return faults
        manifest = copy.deepcopy(manifest)
        fill_in_defaults(schema, manifest)
        return list(broken_rules(schema, manifest, "$"))


def place(error):
    return f"{error.json_path}: {error.message[:200]}"


def parts(schema, value):
    """Pairs each part of a value with its schema and its name."""
    if isinstance(value, dict):
        for name, part in value.items():
            inner = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            if isinstance(inner, dict):
                yield inner, part, f".{name}"
    elif isinstance(value, list) and isinstance(schema.get("items"), dict):
        for number, part in enumerate(value):
            yield schema["items"], part, f"[{number}]"


def close(schema):
    """Makes a CRD's schema refuse what it does not name, and speak JSON Schema where it speaks Kubernetes."""
    keeps_unknown = schema.get("x-kubernetes-preserve-unknown-fields")
    if "properties" in schema and "additionalProperties" not in schema and not keeps_unknown:
        schema["additionalProperties"] = False
    if schema.get("x-kubernetes-int-or-string"):
        schema.pop("type", None)
    if schema.get("nullable") and isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
    inner = [*schema.get("properties", {}).values(), schema.get("items"), schema.get("additionalProperties")]
    for part in inner:
        if isinstance(part, dict):
            close(part)


def fill_in_defaults(schema, value):
    """Sets what the API server would set before it evaluates rules."""
    if isinstance(value, dict):
        for name, inner in schema.get("properties", {}).items():
            if "default" in inner:
                value.setdefault(name, copy.deepcopy(inner["default"]))
    for inner, part, _ in parts(schema, value):
        fill_in_defaults(inner, part)


def broken_rules(schema, value, path):
    for rule in schema.get("x-kubernetes-validations", []):
        if "oldSelf" in rule["rule"]:
            continue
        try:
            holds = cel.evaluate(rule["rule"], {"self": value})
        except Exception as error:  # The library raises whatever its parser and its functions raise.
            yield f"{path}: the rule {rule['rule'][:80]!r} cannot be evaluated: {str(error)[:120]}"
        else:
            if holds is not True:
                yield f"{path}: {rule.get('message', rule['rule'])}"
    for inner, part, name in parts(schema, value):
        yield from broken_rules(inner, part, path + name)


def check(manifests, core, custom):
    """Tells every fault of these manifests."""
    for manifest in manifests:
        who = f"{manifest['kind']} {manifest['metadata']['name']}"
        if (manifest["apiVersion"], manifest["kind"]) in custom.schemas:
            faults = custom.faults(manifest)
        elif manifest["apiVersion"].startswith(CHECKED_BY_TYPES):
            faults = []
        elif not custom.schemas and manifest["apiVersion"].startswith(ROUTES_AND_POLICIES):
            faults = []
        else:
            faults = [fault for version in core for fault in version.faults(manifest)]
        yield from (f"{who}: {fault}" for fault in faults)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--crds", metavar="DIRECTORY")
    arguments.add_argument("files", nargs="+", metavar="FILE")
    arguments = arguments.parse_args()

    core = [CoreKinds(version) for version in newest_versions()]
    custom = CustomKinds(arguments.crds)
    found = False
    for file in arguments.files:
        manifests = [manifest for manifest in yaml.safe_load_all(pathlib.Path(file).read_text()) if manifest]
        faults = list(check(manifests, core, custom))
        found = found or bool(faults) or not manifests
        print(f"{pathlib.Path(file).name}: {len(manifests)} manifests, {len(faults)} faults", *faults, sep="\n  ")
    return found


if __name__ == "__main__":
    sys.exit(main())
