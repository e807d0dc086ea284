"""Counts the instructions that a request costs the gateway in user space, cold and warm, with callgrind.

They are repeatable to a few in a thousand, also on a machine that has other things to do, so that small changes can be
seen. The profiles are left in the folder named for callgrind_annotate.

Usage: instructions.py BINARY FOLDER
"""

import http.client
import os
import pathlib
import subprocess
import sys
import time

from compare import ADDRESS, PATH, UPSTREAM_PATH, Server, accounts, ask, nginx

PEOPLE = 64
REQUESTS = 2_048
CASES = [("cold", 2, "0s"), ("warm", 2, "60s"), ("cold", 100, "0s"), ("warm", 100, "60s")]


def requests(port, count):
    """So many requests, one after another on 16 connections in turn, of people in turn."""
    connections = [http.client.HTTPConnection(ADDRESS, port, timeout=60) for _ in range(16)]
    for number in range(count):
        connection = connections[number % len(connections)]
        connection.request("GET", PATH, headers={"Authorization": f"Basic cGVyc29u{number % PEOPLE:08}"})
        response = connection.getresponse()
        response.read()
        assert response.status == 200, response.status
    for connection in connections:
        connection.close()


def main(binary, folder):
    folder.mkdir(parents=True, exist_ok=True)
    port = 8201
    for size in (2, 100):
        (folder / f"{size}.xml").write_bytes(accounts(size)[0])
    servers = [
        f"server {{ listen {ADDRESS}:{port + size}; location = {UPSTREAM_PATH} "
        f"{{ default_type application/xml; alias {folder}/{size}.xml; }} }}" for size in (2, 100)
    ]
    core = max(os.sched_getaffinity(0))
    upstream = nginx(folder / "upstream", servers, core)
    try:
        for name, size, ttl in CASES:
            environment = {
                "PATH": os.environ["PATH"],
                "CUPI_GATEWAY__SERVER__BIND": f"{ADDRESS}:{port}",
                "CUPI_GATEWAY__ADMIN__BIND": f"{ADDRESS}:0",
                "CUPI_GATEWAY__SERVER__WORKERS": "1",
                "CUPI_GATEWAY__UPSTREAM__URL": f"http://{ADDRESS}:{port + size}",
                "CUPI_GATEWAY__UPSTREAM__MAX_IN_FLIGHT": "64",
                "CUPI_GATEWAY__CACHE__TTL": ttl,
                "CUPI_GATEWAY__LOG__LEVEL": os.environ.get("LEVEL", "warn"),
            }
            output = folder / f"{name}-{size}.callgrind"
            output.unlink(missing_ok=True)
            command = [
                "valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={output}", str(binary), "serve",
            ]
            server = Server(command, core, environment)
            try:
                ask(port, patience=60)
                requests(port, 2 * PEOPLE)
                control(server, "--instr=on")
                requests(port, REQUESTS)
                control(server, "--instr=off")
            finally:
                server.stop()
            total = next(line for line in output.read_text().splitlines() if line.startswith("totals:"))
            print(f"{name}, {size} accounts: {int(total.split()[1]) / REQUESTS / 1000:.1f} k instructions a request", flush=True)
    finally:
        upstream.stop()


def control(server, order):
    subprocess.run(["callgrind_control", order, str(server.pids()[-1])], check=True, stdout=subprocess.DEVNULL)
    time.sleep(0.2)


main(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve())
