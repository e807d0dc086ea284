"""Writes the licences of Swagger UI and of the npm packages in its bundles into swagger-ui-licenses.txt:

    python3 deploy/release/swagger_ui.py [--check]

The bundles' source maps name the packages; npm brings their licences, scripts not run. With --check it compares the version
alone, without npm: that of the text with that of the archive in the crate.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
from collections import defaultdict

import crates

FILE = pathlib.Path(__file__).parent / "swagger-ui-licenses.txt"
CRATE = "utoipa-swagger-ui-vendored"
NAMES = re.compile(r"(?i)(licen[cs]e|copying|notice)")
RULE = "-" * 100


def bundled_version():
    """The version of Swagger UI in the crate, which a build script reads."""
    packages = crates.metadata(crates.TARGETS[0])["packages"]
    [package] = [package for package in packages if package["name"] == CRATE]
    [archive] = (crates.folder(package) / "res").glob("v*.zip")
    return archive.stem.removeprefix("v")


def npm(folder, *arguments):
    subprocess.run(["npm", *arguments, "--silent"], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def bundled_packages(dist):
    """The names of the npm packages that the bundles' source maps list."""
    names = set()
    for path in dist.glob("*.js.map"):
        for source in json.loads(path.read_text(encoding="utf-8"))["sources"]:
            names.update(re.findall(r"node_modules/((?:@[^/]+/)?[^/]+)", source))
    return sorted(names)


def installed(modules, name):
    """The folder of a package, wherever npm has put it."""
    folders = [modules / name, *modules.glob(f"**/node_modules/{name}")]
    return next((folder for folder in folders if (folder / "package.json").is_file()), None)


def licence(manifest):
    """The licence that a package declares; old ones have a list."""
    kinds = manifest.get("license") or [each["type"] for each in manifest.get("licenses", [])]
    return kinds if isinstance(kinds, str) else " OR ".join(kinds) or "declares no licence"


def texts(package):
    paths = [path for path in sorted(package.rglob("*")) if path.is_file() and NAMES.match(path.name)]
    paths = [path for path in paths if "node_modules" not in path.relative_to(package).parts]
    return [path.read_text(encoding="utf-8").strip() for path in paths if path.suffix not in (".js", ".cjs", ".mjs", ".ts", ".jsx")]


def write(version):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "package.json").write_text("{}")
        options = ["--ignore-scripts", "--no-audit", "--no-fund"]
        npm(folder, "install", *options, f"swagger-ui-dist@{version}", f"swagger-ui@{version}")
        modules = folder / "node_modules"
        names = bundled_packages(modules / "swagger-ui-dist")
        # Some are polyfills of the bundler's, which swagger-ui itself does not need.
        npm(folder, "install", *options, *(name for name in names if not installed(modules, name)))
        kinds, users = {}, defaultdict(list)
        for name in ["swagger-ui-dist", *names]:
            package = installed(modules, name)
            kinds[name] = licence(json.loads((package / "package.json").read_text(encoding="utf-8")))
            found = texts(package)
            if not found:
                kinds[name] += " (the package has no text of it)"
            for text in found:
                users[" ".join(text.split())].append((name, text))
    parts = [f"Swagger UI {version} and the npm packages in its bundles:\n\n" + "".join(f"{n}: {k}\n" for n, k in kinds.items())]
    for each in users.values():
        parts.append(f"{', '.join(dict.fromkeys(name for name, _ in each))}\n\n{each[0][1]}\n")
    return f"{RULE}\n".join(parts)


def main(arguments):
    version = bundled_version()
    if arguments != ["--check"]:
        FILE.write_text(write(version), encoding="utf-8")
    elif not FILE.read_text(encoding="utf-8").startswith(f"Swagger UI {version} "):
        sys.exit(f"swagger_ui: {FILE.name} is not of {version}: run python3 deploy/release/swagger_ui.py and commit what it writes")


if __name__ == "__main__":
    main(sys.argv[1:])
