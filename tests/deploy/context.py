"""Checks that the ignore file beside a Dockerfile lets through what the image copies.

    context.py DOCKERFILE
"""

import pathlib
import re
import sys


def check(dockerfile):
    """A sentence for each file that does not reach the build."""
    ignored = dockerfile.with_name(f"{dockerfile.name}.dockerignore").read_text()
    let_through = {line[1:] for line in ignored.splitlines() if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile.read_text(), re.MULTILINE)
    sources = [source for files in copied for source in files.split()]
    if not sources:
        return ["the image copies nothing"]
    return [f"{source} is copied, and {dockerfile.name}.dockerignore keeps it out" for source in sources if source not in let_through]


if __name__ == "__main__":
    faults = check(pathlib.Path(sys.argv[1]))
    print("\n".join(faults) or "image: all that it copies reaches its build")
    sys.exit(bool(faults))
