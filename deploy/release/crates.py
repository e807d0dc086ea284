"""The crates that are compiled into the program, as cargo resolves them. What only builds or tests it is left out: build
scripts, procedural macros and development dependencies."""

import json
import pathlib
import subprocess
import sys
import tomllib

# What the program is built for.
TARGETS = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"]


def metadata(target):
    command = ["cargo", "metadata", "--locked", "--format-version=1", f"--filter-platform={target}"]
    done = subprocess.run(command, stdout=subprocess.PIPE)
    if done.returncode:
        sys.exit(done.returncode)
    return json.loads(done.stdout)


def linked(target):
    """The program's package, and its packages by id, each with the ids of those that it needs."""
    data = metadata(target)
    packages = {package["id"]: package for package in data["packages"]}
    nodes = {node["id"]: node for node in data["resolve"]["nodes"]}
    root = data["resolve"]["root"]

    def needs(package):
        for dependency in nodes[package]["deps"]:
            is_linked = any(kind["kind"] is None for kind in dependency["dep_kinds"])
            if is_linked and not is_macro(packages[dependency["pkg"]]):
                yield dependency["pkg"]

    found, todo = {}, [root]
    while todo:
        package = todo.pop()
        if package not in found:
            needed = sorted(needs(package))
            found[package] = {**packages[package], "needs": needed}
            todo.extend(needed)
    program = found.pop(root)
    return program, found


def is_macro(package):
    return any("proc-macro" in target["kind"] for target in package["targets"])


def all_targets():
    """The program's package, and its packages for any target, in the order of their names."""
    found = {}
    for target in TARGETS:
        root, packages = linked(target)
        found |= packages
    return root, sorted(found.values(), key=lambda package: (package["name"], package["version"]))


def expression(package):
    """The licence as SPDX writes it: old manifests have a slash for OR."""
    return " OR ".join(part.strip() for part in (package["license"] or "").split("/"))


def folder(package):
    return pathlib.Path(package["manifest_path"]).parent


def checksums():
    """SHA-256 of each package's archive, by name and version."""
    packages = tomllib.loads(pathlib.Path("Cargo.lock").read_text())["package"]
    return {(each["name"], each["version"]): each["checksum"] for each in packages if "checksum" in each}
