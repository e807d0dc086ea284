"""Measures what users wait for: a settings page of twelve calls, from its first request to its last answer, in milliseconds.

The stand-in for Unity Connection is the simulator, which works on five requests at once, 20 ms each, and answers 503 when
255 more wait. Before it stands the gateway as it is configured by default, or nginx, which makes JSON by XSLT, keeps it for
each person and lets one request of several alike through. Greetings and transfer options are ten documents of Unity
Connection: the gateway makes two lists of them, a page on nginx asks for each. A client asks for the whole page on three
connections. All clients begin at once; warm, they load it once more.

Usage: page.py --gateway BINARY [--clients 400] [--rounds 3]
"""

import argparse
import asyncio
import base64
import contextlib
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

from compare import ADDRESS, HERE, Server, ask, gateway, nginx, ports, table

PEOPLE = 20
CONNECTIONS = 3
WORK = "20ms"

# The calls of the page, and the documents of Unity Connection behind them.
PAGE = {
    "user": ["user"],
    "class-of-service": ["user/cos"],
    "greetings": [
        f"user/greetings/{type}" for type in ["Standard", "Alternate", "Busy", "Internal", "Off%20Hours", "Holiday", "Error"]
    ],
    "transfer-options": [f"user/transferoptions/{type}" for type in ["Standard", "Alternate", "Off%20Hours"]],
    "alternate-devices": ["user/alternatedevices"],
    "private-lists": ["user/privatelists"],
    "notification-devices/html": ["user/notificationdevices/htmldevices"],
    "notification-devices/smtp": ["user/notificationdevices/smtpdevices"],
    "accounts": ["user/externalserviceaccounts"],
    "smtp-proxy-addresses": ["user/smtpproxyaddresses"],
    "location": ["user/location"],
    "system-configuration": ["systemconfiguration"],
}
OURS = [f"/api/v1/{path}" for path in PAGE]
THEIRS = [f"/vmrest/{path}" for paths in PAGE.values() for path in paths]

LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
CHUNKED = re.compile(rb"(?i)\r\ntransfer-encoding: *chunked")


class Connection(asyncio.Protocol):
    """One of a client's connections: it asks for what is left of the page until nothing is."""

    def __init__(self, page):
        self.page, self.received, self.waits = page, b"", False

    def connection_made(self, transport):
        self.transport = transport
        self.proceed()

    def proceed(self):
        request = self.page.next()
        self.waits = request is not None
        if not self.waits:
            self.transport.close()
        else:
            self.transport.write(request)

    def data_received(self, data):
        self.received += data
        head, end, body = self.received.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        is_whole = len(body) >= int(length[1]) if length else body.endswith(b"0\r\n\r\n")
        if end and is_whole and (length or CHUNKED.search(head)):
            self.received = b""
            self.page.answered(head.startswith(b"HTTP/1.1 200"))
            self.proceed()

    def connection_lost(self, error):
        if self.waits:
            self.page.answered(False)
            if self.page.requests:
                loop = asyncio.get_running_loop()
                self.page.opening = loop.create_task(loop.create_connection(lambda: Connection(self.page), ADDRESS, self.page.port))


class Page:
    """One client's page."""

    def __init__(self, person, paths):
        pair = base64.b64encode(f"person{person:02}:secret-{person:02}".encode()).decode()
        head = f" HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {pair}\r\n\r\n"
        self.requests = [f"GET {path}{head}".encode() for path in reversed(paths)]
        self.open, self.failed, self.done = len(paths), 0, asyncio.Event()

    def next(self):
        return self.requests.pop() if self.requests else None

    def answered(self, well):
        self.open -= 1
        self.failed += not well
        if self.open == 0:
            self.done.set()

    async def load(self, port):
        """Milliseconds to the last answer."""
        self.port = port
        begun = time.monotonic()
        loop = asyncio.get_running_loop()
        connections = min(CONNECTIONS, len(self.requests))
        await asyncio.gather(*(loop.create_connection(lambda: Connection(self), ADDRESS, port) for _ in range(connections)))
        await asyncio.wait_for(self.done.wait(), 120)
        return (time.monotonic() - begun) * 1e3


async def load(port, paths, clients):
    """The times of so many clients that begin together, and how many answers were none."""
    pages = [Page(1 + number % PEOPLE, paths) for number in range(clients)]
    return await asyncio.gather(*(page.load(port) for page in pages)), sum(page.failed for page in pages)


def serve_nginx(folder, upstream):
    """nginx with XSLT, and before it nginx with a cache of what comes of that."""
    inner, outer = next(ports), next(ports)
    (folder / "page.xslt").write_bytes((HERE / "page.xslt").read_bytes())
    servers = [
        f"upstream page {{ server {ADDRESS}:{upstream}; keepalive 64; }}",
        f"upstream json {{ server {ADDRESS}:{inner}; keepalive 64; }}",
        f"server {{ listen {ADDRESS}:{inner} backlog=4096; location / {{ proxy_pass http://page; xslt_stylesheet {folder}/page.xslt; }} }}",
        f"server {{ listen {ADDRESS}:{outer} backlog=4096; location / {{ proxy_pass http://json; proxy_cache answers; "
        # Each answer of Unity Connection sets cookies, with which nothing would be kept.
        "proxy_ignore_headers Set-Cookie Cache-Control Expires; proxy_hide_header Set-Cookie; "
        "proxy_cache_lock on; proxy_cache_lock_timeout 60s; proxy_read_timeout 120s; } }",
    ]
    return nginx(folder / "page", servers, ",".join(map(str, sorted(os.sched_getaffinity(0)))), 8192), outer


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--gateway", type=pathlib.Path, required=True)
    arguments.add_argument("--clients", type=int, default=400)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments = arguments.parse_args()
    everywhere = ",".join(map(str, sorted(os.sched_getaffinity(0))))
    found = {}
    for number in range(arguments.rounds):
        for clients in (1, arguments.clients):
            for name, paths in [("gateway", OURS), ("nginx, cache of xslt's JSON", THEIRS)]:
                with tempfile.TemporaryDirectory(dir="/dev/shm") as folder, contextlib.ExitStack() as stack:
                    folder = pathlib.Path(folder)
                    folder.chmod(0o755)
                    upstream, port = next(ports), next(ports)
                    simulate = [str(arguments.gateway), "simulate", "--bind", f"{ADDRESS}:{upstream}", "--switch", f"work={WORK}"]
                    stack.callback(Server(simulate, everywhere, {}).stop)
                    if name == "gateway":
                        settings = {"cache__ttl": "10m", "log__level": "warn"}
                        server = gateway(arguments.gateway, upstream, port, everywhere, **settings)
                    else:
                        server, port = serve_nginx(folder, upstream)
                    stack.callback(server.stop)
                    ask(upstream, "/")
                    ask(port, "/nothing")
                    for state in ("cold", "warm"):
                        times, failed = asyncio.run(load(port, paths, clients))
                        median, late, failures = found.setdefault((clients, state, name), ([], [], []))
                        median.append(statistics.median(times))
                        late.append(max(times))
                        failures.append(failed)
        print(f"round {number + 1} of {arguments.rounds} is done", file=sys.stderr)
    print(f"{len(OURS)} calls, on nginx {len(THEIRS)}; {PEOPLE} people; medians of {arguments.rounds} rounds.\n")
    rows = [
        [f"{name}, {state}", str(clients), f"{statistics.median(median):.0f}", f"{statistics.median(late):.0f}", f"{statistics.median(failures):.0f}"]
        for (clients, state, name), (median, late, failures) in sorted(found.items())
    ]
    for line in table(["server", "clients", "page, median ms", "slowest ms", "answers that failed"], rows):
        print(line)


if __name__ == "__main__":
    main()
