"""Writes the licences of everything that is in the program, with their texts, into third-party-licenses.txt:

    python3 deploy/release/licenses.py [--check]

With --check it compares instead. Where a crate may be had under several licences, the first of PREFERRED is taken. A crate
whose licence has no text is a failure.
"""

import pathlib
import re
import sys
from collections import defaultdict

import crates

FILE = pathlib.Path(__file__).parent / "third-party-licenses.txt"
APACHE = "Apache-2.0"
PREFERRED = [APACHE, "MIT", "ISC", "BSD-3-Clause", "Unicode-3.0", "Zlib", "BSL-1.0"]
NAMES = re.compile(r"(?i)(licen[cs]e|copying|copyright)")
# Words that only this licence has.
WORDS = {
    APACHE: "Apache License",
    "MIT": "Permission is hereby granted, free of charge",
    "ISC": "Permission to use, copy, modify, and",
    "BSD-3-Clause": "Redistribution and use in source and binary forms",
    "BSL-1.0": "Boost Software License",
    "Unicode-3.0": "UNICODE LICENSE V3",
    "Zlib": "This software is provided 'as-is'",
}
RULE = "=" * 100

HEAD = f"""\
Licences of what is in cupi-gateway beside its own code

cupi-gateway itself stands under the Apache License 2.0 (LICENSE). The program holds the Rust standard library, the crates
below and Swagger UI, whose licences stand in swagger-ui-licenses.txt. deploy/release/licenses.py wrote this file.

{RULE}
The Rust standard library

Copyright (c) The Rust Project contributors. Apache License 2.0 or MIT License; its Unicode tables: Unicode License v3. All
notices of its parts stand in COPYRIGHT-library.html of the Rust toolchain.
"""


def choose(expression):
    """The licences to be kept: of each OR the one that is preferred, of each AND all."""
    terms = [term.strip(" ()") for term in re.split(r"\bAND\b", expression)]
    return {choose_one(re.split(r"\bOR\b", term)) for term in terms}


def choose_one(options):
    options = [option.strip() for option in options]
    known = [licence for licence in PREFERRED if licence in options]
    if not known:
        sys.exit(f"licences: none of {' OR '.join(options)} is in PREFERRED")
    return known[0]


def paragraph(text):
    """A text to compare: its words alone."""
    return " ".join(text.split())


def texts(folder):
    """The files of a crate that hold licences, those of code that it took over included."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and NAMES.match(path.name)]
    return [path.read_text(encoding="utf-8", errors="replace").strip("\n") for path in paths if path.suffix != ".rs"]


def notices(folder):
    return [path.read_text(encoding="utf-8").strip("\n") for path in sorted(folder.glob("NOTICE*"))]


def collect(packages):
    """The crates under the Apache License alone, and the crates by text for all other texts; each as a list of names."""
    apache, others, faults = [], defaultdict(list), []
    for package in packages:
        name, kept = package["name"], choose(crates.expression(package))
        found = texts(crates.folder(package))
        if APACHE in kept:
            apache.append(name)
        for licence in sorted(kept - {APACHE}):
            if not any(WORDS[licence] in paragraph(text) for text in found):
                faults.append(f"licences: {name} {package['version']} has no text of {licence}")
        wanted = [text for text in found if not is_covered(text, kept)]
        for text in [*wanted, *notices(crates.folder(package))]:
            others[paragraph(text)].append((name, text))
    if faults:
        sys.exit("\n".join(faults))
    return apache, others


def is_covered(text, kept):
    """Whether a text is that of the Apache License, or of one that a crate under the Apache License offers instead."""
    words = paragraph(text)
    licences = {licence for licence, word in WORDS.items() if word in words}
    return licences == {APACHE} or (kept == {APACHE} and licences <= {"MIT"})


def write():
    _, packages = crates.all_targets()
    apache, others = collect(packages)
    apache_license = pathlib.Path("LICENSE").read_text(encoding="utf-8").strip("\n")
    parts = [HEAD, f"Crates under the Apache License 2.0:\n\n{listed(dict.fromkeys(apache))}\n\n{apache_license}\n"]
    for users in sorted(others.values(), key=lambda users: users[0][0]):
        parts.append(f"{listed(dict.fromkeys(name for name, _ in users))}\n\n{users[0][1]}\n")
    return f"{RULE}\n".join(parts)


def listed(names):
    """Names as lines that are not too long."""
    lines = [""]
    for name in names:
        if lines[-1] and len(lines[-1]) + len(name) > 98:
            lines.append("")
        lines[-1] += f", {name}" if lines[-1] else name
    return ",\n".join(lines)


def main(arguments):
    text = write()
    if arguments != ["--check"]:
        FILE.write_text(text, encoding="utf-8")
    elif text != FILE.read_text(encoding="utf-8"):
        sys.exit(f"licences: {FILE.name} is out of date: run python3 deploy/release/licenses.py and commit what it writes")


if __name__ == "__main__":
    main(sys.argv[1:])
