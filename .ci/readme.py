"""Runs the README's own curl lines against `demo` and compares what they print.

Usage: readme.py BINARY
"""

import pathlib
import re
import subprocess
import sys

ID = re.compile(r'("requestId":)"[^"]*"')


def examples(text):
    """The commands of the console blocks with what the README says they print."""
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for example in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, printed = example.partition("\n")
            yield command, printed.strip()


def main(binary):
    found = list(examples(pathlib.Path("README.md").read_text(encoding="utf-8")))
    if not found:
        sys.exit("README.md has no console block: nothing was checked.")
    demo = subprocess.Popen([binary, "demo"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        introduction = []
        while not introduction or "curl" not in introduction[-1]:
            line = demo.stdout.readline()
            if not line:
                sys.exit("demo ended before it printed a curl line; is port 8080 taken?")
            introduction.append(line)
        suggested = introduction[-1].strip()
        if suggested not in [command for command, _ in found]:
            sys.exit(f"The README does not show the line that demo prints: {suggested}")
        for command, expected in found:
            printed = subprocess.run(
                ["bash", "-c", command.replace("curl ", "curl --silent --show-error ", 1)],
                check=True, capture_output=True, text=True, timeout=30,
            ).stdout.strip()
            if ID.sub(r"\1", printed) != ID.sub(r"\1", expected):
                sys.exit(f"$ {command}\nThe README says:\n{expected}\nIt prints:\n{printed}")
            print(f"as printed: {command}")
    finally:
        demo.terminate()
        demo.wait(timeout=60)


main(sys.argv[1])
