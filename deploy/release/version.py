"""The version, wherever it stands.

    python3 deploy/release/version.py set VERSION DATE    prepares a release: writes the version everywhere, gives what is
                                                          unreleased in CHANGELOG.md to it, and keeps its OpenAPI document
                                                          as openapi/released.json
    python3 deploy/release/version.py check               all places have the version of Cargo.toml
    python3 deploy/release/version.py check-release       and this is the commit of a release
"""

import pathlib
import re
import shutil
import subprocess
import sys

NUMBER = r"\d+\.\d+\.\d+"
# Where it stands: files, and what is before it there.
PLACES = [
    (["Cargo.toml"], [r"^version = \""]),
    (["Cargo.lock", "fuzz/Cargo.lock"], [r"^name = \"cupi-gateway\"\nversion = \""]),
    (["openapi/openapi.json"], [r"^    \"version\": \""]),
    (["docs/command-line/*.1"], [r"\"cupi-gateway ", r"^v"]),
    (["README.md", "deploy"], [r"cupi-gateway:", r"newTag: \"?", r"ARG VERSION="]),
    (["tests/monitoring/metrics.txt"], [r"build_info\{version=\""]),
]
CHANGELOG = pathlib.Path("CHANGELOG.md")
UNRELEASED = "## [Unreleased]"
HEADING = re.compile(rf"^## \[({NUMBER})\] - (\d{{4}}-\d{{2}}-\d{{2}})$", re.MULTILINE)
DOCUMENT, RELEASED = pathlib.Path("openapi/openapi.json"), pathlib.Path("openapi/released.json")


def places():
    """Each file with the pattern of the version in it, which is the second group."""
    for files, before in PLACES:
        listed = subprocess.check_output(["git", "ls-files", "--", *files], text=True).splitlines()
        pattern = re.compile(rf"({'|'.join(before)})({NUMBER})", re.MULTILINE)
        found = [pathlib.Path(path) for path in listed if pattern.search(read(path))]
        if not found:
            sys.exit(f"version: it does not stand in {' '.join(files)}: correct the places in {sys.argv[0]}")
        yield from ((path, pattern) for path in found)


def read(path):
    return pathlib.Path(path).read_bytes().decode(errors="replace")


def current():
    return re.search(rf"^version = \"({NUMBER})\"", read("Cargo.toml"), re.MULTILINE)[1]


def unreleased():
    """What CHANGELOG.md says of the next version."""
    _, found, rest = read(CHANGELOG).partition(UNRELEASED)
    if not found:
        sys.exit(f"version: {CHANGELOG} has no heading {UNRELEASED}")
    return HEADING.split(rest, maxsplit=1)[0].strip()


def set_version(version, date):
    if not re.fullmatch(NUMBER, version) or not HEADING.fullmatch(f"## [{version}] - {date}"):
        sys.exit(f"version: {version} and {date} are not like 1.2.3 and 2026-01-31")
    if f"## [{version}]" in read(CHANGELOG):
        sys.exit(f"version: {version} has been released: {CHANGELOG} has it")
    if not unreleased():
        sys.exit(f"version: {CHANGELOG} has nothing below {UNRELEASED}: say what is new")
    for path, pattern in places():
        path.write_text(pattern.sub(rf"\g<1>{version}", read(path)), encoding="utf-8")
    heading = f"{UNRELEASED}\n\n## [{version}] - {date}"
    CHANGELOG.write_text(read(CHANGELOG).replace(UNRELEASED, heading, 1), encoding="utf-8")
    shutil.copyfile(DOCUMENT, RELEASED)
    print(f"{version} of {date} is prepared: read `git diff`, run .ci/run, commit, then run deploy/release/make")


def check():
    version = current()
    faults = []
    for path, pattern in places():
        others = {found for _, found in pattern.findall(read(path))} - {version}
        faults += [f"version: {path} has {other}, Cargo.toml {version}" for other in sorted(others)]
    return faults


def check_release():
    faults, version = check(), current()
    if unreleased():
        faults.append(f"version: {CHANGELOG} has something below {UNRELEASED}: run {sys.argv[0]} set")
    newest = HEADING.search(read(CHANGELOG))
    if not newest or newest[1] != version:
        faults.append(f"version: the newest version in {CHANGELOG} is not {version}")
    if not RELEASED.exists() or read(RELEASED) != read(DOCUMENT):
        faults.append(f"version: {RELEASED} is not the document of this release: copy {DOCUMENT}")
    if subprocess.check_output(["git", "status", "--porcelain"], text=True):
        faults.append("version: there are changes that are not committed")
    return faults


def main(arguments):
    match arguments:
        case ["set", version, date]:
            set_version(version, date)
        case ["check"]:
            sys.exit("\n".join(check()) or 0)
        case ["check-release"]:
            sys.exit("\n".join(check_release()) or 0)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
