"""Compares the gateway with what one would run instead: the CPU time that a request costs each.

Each server runs on one core, alone there but for what else the machine does; the load (wrk) and the stand-in for Unity
Connection (nginx with files) run on another. The rounds go through all of them in turn, so that a busy moment of the
machine meets all alike. What is counted is the user and system time of all processes of the server, from /proc, divided by
the requests that were answered. Before anything is measured, the answers of all are compared with what is expected, and
after each measurement the stand-in's counter tells whether every request that should have reached it did.

The crates that the gateway is made of are measured too, without its duties (bare.rs): a gateway made of them cannot cost
less.

Usage: compare.py --gateway BINARY --bare BINARY [--rounds 5] [--seconds 2]
"""

import argparse
import contextlib
import http.client
import itertools
import json
import os
import pathlib
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from xml.sax.saxutils import escape

HERE = pathlib.Path(__file__).parent
# An address of its own on the loopback interface: its ports are free.
ADDRESS = "127.83.4.9"
UPSTREAM_PATH = "/vmrest/user/externalserviceaccounts"
PATH = "/api/v1/accounts"
SIZES = (2, 100, 10_000)
CONNECTIONS = 64
# As people.lua has it.
PEOPLE = 256
TICK = os.sysconf("SC_CLK_TCK")

ports = itertools.count(8101)


def accounts(count):
    """The document of so many accounts, and the JSON of it."""
    document, items = [], []
    for number in range(count):
        id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"account {number}"))
        name = f"Exchange2K{number}" if number % 10 else f'Zoë\'s "Mail" & Meetings {number}'
        login = number % 2 * 2
        user = f"person.{number}@example.com" if login == 2 else None
        service = number % 3 == 0
        user_element = f"<UserId>{user}</UserId>" if user else ""
        document.append(
            f"<UserExternalServiceAccount><URI>{UPSTREAM_PATH}/{id}</URI><IsEnabled>true</IsEnabled>"
            f"<UseServiceCredentials>{str(service).lower()}</UseServiceCredentials><LoginType>{login}</LoginType>"
            f"{user_element}<ObjectId>{id}</ObjectId><DisplayName>{escape(name)}</DisplayName></UserExternalServiceAccount>"
        )
        items.append({
            "objectId": id, "uri": f"{PATH}/{id}", "displayName": name, "isEnabled": True, "useServiceCredentials": service,
            "loginType": "userId" if login else "userAlias", "userId": user,
        })
    prolog = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    list_ = f"<UserExternalServiceAccounts>{''.join(document)}</UserExternalServiceAccounts>"
    answer = json.dumps({"items": items, "total": count}, ensure_ascii=False, separators=(",", ":"))
    return (prolog + list_).encode(), answer.encode()


class Server:
    """A server under test or the stand-in, bound to one core, with all its processes."""

    def __init__(self, command, core, environment=None, cwd=None):
        self.process = subprocess.Popen(
            ["taskset", "-c", str(core), *command], env=environment, cwd=cwd, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL if environment else None,
        )

    def pids(self):
        found, fresh = [], [self.process.pid]
        while fresh:
            found += fresh
            children = [pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split() for pid in fresh]
            fresh = [int(pid) for pid in itertools.chain(*children)]
        return found

    def cpu(self):
        """User and system time so far, in seconds."""
        ticks = 0
        for pid in self.pids():
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / TICK

    def memory(self, name):
        """`VmRSS` or `VmHWM` of all processes, in MiB."""
        lines = [line for pid in self.pids() for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()]
        return sum(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024

    def stop(self):
        # nginx and the gateway alike end at once on it.
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=60)


def nginx(prefix, servers, core, connections=1024):
    """An nginx with these server blocks, for so many connections."""
    (prefix / "temp").mkdir(parents=True, exist_ok=True)
    text = (HERE / "nginx.conf").read_text()
    user = "user root;" if os.geteuid() == 0 else ""
    (prefix / "nginx.conf").write_text(text.replace("@user", user).replace("@connections", str(connections)).replace("@servers", "\n".join(servers)))
    return Server(["nginx", "-p", str(prefix), "-c", "nginx.conf", "-e", "stderr"], core)


def gateway(binary, upstream, port, core, **settings):
    """The gateway, with settings that one would make for a server that can take it all at once."""
    settings = {"server__bind": f"{ADDRESS}:{port}", "upstream__url": f"http://{ADDRESS}:{upstream}", **settings}
    environment = {f"CUPI_GATEWAY__{key.upper()}": value for key, value in settings.items()}
    # Several gateways stand here at once.
    environment["CUPI_GATEWAY__ADMIN__BIND"] = f"{ADDRESS}:0"
    environment["PATH"] = os.environ["PATH"]
    return Server([str(binary), "serve"], core, environment)


def ask(port, path=PATH, patience=10.0):
    """Status and body of one request, as soon as the server answers."""
    until = time.monotonic() + patience
    while True:
        connection = http.client.HTTPConnection(ADDRESS, port, timeout=patience)
        try:
            connection.request("GET", path, headers={"Authorization": "Basic Zmlyc3Q6"})
            response = connection.getresponse()
            return response.status, response.read()
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise
            time.sleep(0.0002)
        finally:
            connection.close()


def load(port, seconds, core, connections):
    """Requests answered, median and 99th percentile of the time to an answer in µs."""
    command = [
        "taskset", "-c", str(core), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s",
        "-s", str(HERE / "people.lua"), f"http://{ADDRESS}:{port}",
    ]
    text = subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds + 60).stdout
    result = next(line for line in text.splitlines() if line.startswith("result "))
    requests, failed, median, late = map(int, result.split()[1:])
    if failed:
        sys.exit(f"{failed} requests failed:\n{text}")
    return requests, median, late


class Case:
    """One server with one document, and what was measured of it."""

    def __init__(self, name, size, server, port, calls_upstream, connections=CONNECTIONS):
        self.name, self.size, self.server, self.port = name, size, server, port
        self.calls_upstream, self.connections = calls_upstream, connections
        self.costs, self.medians, self.lates = [], [], []

    def measure(self, seconds, core, upstream_requests):
        before, asked = self.server.cpu(), upstream_requests()
        requests, median, late = load(self.port, seconds, core, self.connections)
        asked = upstream_requests() - asked - 1
        cost = (self.server.cpu() - before) / requests * 1e6
        if self.calls_upstream and asked < requests:
            sys.exit(f"{self.name}: {requests} requests, but {asked} calls")
        if not self.calls_upstream and asked > requests / 20:
            sys.exit(f"{self.name}: {requests} requests, and {asked} calls, of which there should be few")
        self.costs.append(cost)
        self.medians.append(median)
        self.lates.append(late)

    def cost(self):
        return statistics.median(self.costs)


def starts(start, port):
    """Milliseconds from the start of a process to its first answer."""
    begun = time.monotonic()
    server = start()
    status, _ = ask(port)
    took = time.monotonic() - begun
    server.stop()
    assert status == 200
    return took * 1e3


def table(head, rows):
    yield "| " + " | ".join(head) + " |"
    yield "| --- |" + " ---: |" * (len(head) - 1)
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--gateway", type=pathlib.Path, required=True)
    arguments.add_argument("--bare", type=pathlib.Path, required=True)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--seconds", type=int, default=2)
    arguments = arguments.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        sys.exit("Two cores are needed: one for the server, one for the load.")
    load_core, core = cores[0], cores[-1]
    # This program is load, too.
    os.sched_setaffinity(0, {load_core})

    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder, contextlib.ExitStack() as stack:
        folder = pathlib.Path(folder)
        folder.chmod(0o755)
        run(arguments, folder, stack, load_core, core)


def run(arguments, folder, stack, load_core, core):
    def begun(server):
        stack.callback(server.stop)
        return server

    documents = {size: accounts(size) for size in SIZES}
    for size, (document, answer) in documents.items():
        (folder / f"{size}.xml").write_bytes(document)
        (folder / f"{size}.json").write_bytes(answer)
    (folder / "accounts.xslt").write_bytes((HERE / "accounts.xslt").read_bytes())

    # The stand-in for Unity Connection: one server for each document, and its counter.
    upstreams = {size: next(ports) for size in SIZES}
    counter = next(ports)
    servers = [f"server {{ listen {ADDRESS}:{counter}; stub_status; }}"]
    for size, port in upstreams.items():
        servers.append(
            f"server {{ listen {ADDRESS}:{port}; location = {UPSTREAM_PATH} "
            f"{{ default_type application/xml; alias {folder}/{size}.xml; }} }}"
        )
    begun(nginx(folder / "upstream", servers, load_core))

    def upstream_requests():
        return int(ask(counter)[1].split()[9])

    upstream_requests()

    cases = []

    def case(name, size, server, port, calls_upstream, **more):
        cases.append(Case(name, size, server, port, calls_upstream, **more))

    # nginx in each of its parts: one process each, one port for each document.
    def quoted(text):
        return "'" + text.decode().replace("\\", "\\\\").replace("'", "\\'") + "'"

    def pool(size):
        return f"upstream accounts{size} {{ server {ADDRESS}:{upstreams[size]}; keepalive 64; }}"

    def forward(size):
        return f"proxy_pass http://accounts{size}{UPSTREAM_PATH};"

    logged = "access_log /dev/null;"
    transformed = f"xslt_stylesheet {folder}/accounts.xslt;"

    def nginx_cases(name, prefix, calls_upstream, servers):
        """`servers`: size, whether with an access log, port, server block."""
        server = begun(nginx(folder / prefix, [text for *_, text in servers], core))
        for size, log, port, _ in servers:
            case(name + (", access log" if log else ""), size, server, port, calls_upstream)

    def variants(body, sizes=((2, ""), (100, ""))):
        listed = []
        for size, log in sizes:
            port = next(ports)
            listed.append((size, bool(log), port, f"server {{ listen {ADDRESS}:{port}; {log} location = {PATH} {{ {body(size)} }} }}"))
        return listed

    both = ((2, ""), (2, logged), (100, ""))

    def fixed(size):
        # A text in the configuration is fastest; it cannot be that long.
        return f"return 200 {quoted(documents[size][1])};" if size == 2 else f"alias {folder}/{size}.json;"

    pools = [(None, False, None, pool(size)) for size in (2, 100)]

    def with_pools(servers):
        first, *rest = servers
        return [(*first[:3], "\n".join(text for *_, text in pools) + "\n" + first[3]), *rest]

    nginx_cases("nginx, fixed JSON", "fixed", False, variants(fixed, both))
    nginx_cases("nginx, XML through", "proxy", True, with_pools(variants(forward, both)))
    nginx_cases("nginx, xslt", "xslt", True, with_pools(variants(lambda size: forward(size) + transformed)))
    nginx_cases(
        "nginx, xslt on a cache of XML", "xslt-cache", False,
        with_pools(variants(lambda size: forward(size) + transformed + "proxy_cache answers;")),
    )
    inner = with_pools(variants(lambda size: forward(size) + transformed))
    inner_port = {size: port for size, _, port, _ in inner}
    outer = variants(lambda size: f"proxy_pass http://{ADDRESS}:{inner_port[size]}; proxy_cache answers;")
    server = begun(nginx(folder / "json-cache", [text for *_, text in inner + outer], core))
    for size, _, port, _ in outer:
        case("nginx, cache of xslt's JSON", size, server, port, False)

    quiet = {"log__level": "warn", "upstream__max_in_flight": "64", "server__workers": "1"}
    cold = {**quiet, "cache__ttl": "0s"}
    warm = {**quiet, "cache__ttl": "10m"}
    info = {"log__level": "info"}
    for name, size, calls_upstream, settings in [
        ("gateway, cold", 2, True, cold),
        ("gateway, cold, access log", 2, True, {**cold, **info}),
        ("gateway, cold", 100, True, cold),
        ("gateway, warm", 2, False, warm),
        ("gateway, warm, access log", 2, False, {**warm, **info}),
        ("gateway, warm", 100, False, warm),
    ]:
        port = next(ports)
        server = begun(gateway(arguments.gateway, upstreams[size], port, core, **settings))
        case(name, size, server, port, calls_upstream)
    for mode, size in itertools.product(("cold", "warm"), (2, 100)):
        port = next(ports)
        command = [str(arguments.bare), f"{ADDRESS}:{port}", f"http://{ADDRESS}:{upstreams[size]}{UPSTREAM_PATH}", mode]
        case(f"bare crates, {mode}", size, begun(Server(command, core, {"PATH": os.environ["PATH"]})), port, mode == "cold")
    port = next(ports)
    server = begun(gateway(arguments.gateway, upstreams[10_000], port, core, **cold))
    case("gateway, cold", 10_000, server, port, True, connections=2)

    # First the answers, then a moment to warm up.
    for it in cases:
        document, answer = documents[it.size]
        status, body = ask(it.port)
        if "gateway" in it.name:
            same = body == answer
        elif "XML" in it.name and "xslt" not in it.name:
            same = body == document
        elif "bare" in it.name:
            same = json.loads(body)["total"] == it.size
        else:
            same = json.loads(body) == json.loads(answer)
        if status != 200 or not same:
            sys.exit(f"{it.name}, {it.size} accounts: not the answer that was expected: {status} {body[:600]!r}")
    for it in cases:
        # Everybody once, in one go: each begins with the first person.
        seconds = 1
        while load(it.port, seconds, load_core, it.connections)[0] < PEOPLE:
            seconds *= 2
    for number in range(arguments.rounds):
        for it in cases:
            it.measure(arguments.seconds, load_core, upstream_requests)
        print(f"round {number + 1} of {arguments.rounds} is done", file=sys.stderr)

    # Start, memory.
    spare = next(ports)
    plain = pool(2) + f" server {{ listen {ADDRESS}:{spare}; location = {PATH} {{ {forward(2)} }} }}"
    started = {"gateway": [], "nginx": []}
    for _ in range(15):
        started["gateway"].append(starts(lambda: gateway(arguments.gateway, upstreams[2], spare, core), spare))
        started["nginx"].append(starts(lambda: nginx(folder / "start", [plain], core), spare))
    idle = gateway(arguments.gateway, upstreams[10_000], spare, core)
    ask(spare, "/")
    resting = idle.memory("VmRSS")
    ask(spare)
    peak = idle.memory("VmHWM")
    idle.stop()
    document = len(documents[10_000][0]) / 2**20

    report(arguments, cases, started, resting, peak, document)


def report(arguments, cases, started, resting, peak, document):
    def find(name, size):
        return next(it for it in cases if (it.name, it.size) == (name, size))

    model = next(
        (line.split(":", 1)[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")),
        platform.machine(),
    )
    version = subprocess.run(["nginx", "-v"], capture_output=True, text=True).stderr.strip().rsplit("/", 1)[-1]
    print(f"{model}, {os.cpu_count()} cores, Linux {platform.release()}, nginx {version}; "
          f"{arguments.rounds} rounds of {arguments.seconds} s, {CONNECTIONS} connections.\n")

    rows = []
    for it in cases:
        rows.append([
            it.name, f"{it.size:,}", f"{it.cost():.1f}", f"{min(it.costs):.1f} to {max(it.costs):.1f}",
            f"{statistics.median(it.medians) / 1000:.2f}", f"{statistics.median(it.lates) / 1000:.2f}",
        ])
    rows.sort(key=lambda row: int(row[1].replace(",", "")))
    for line in table(["server", "accounts", "CPU µs a request", "least to most", "median ms", "99 % ms"], rows):
        print(line)
    print()

    rows = []
    ratios = [
        ("bare crates, cold", 2, "nginx, XML through", None), ("bare crates, warm", 2, "nginx, fixed JSON", None),
        ("gateway, cold", 2, "bare crates, cold", None), ("gateway, warm", 2, "bare crates, warm", None),
        ("gateway, cold", 100, "bare crates, cold", None), ("gateway, warm", 100, "bare crates, warm", None),
        ("gateway, cold", 2, "nginx, XML through", 1.65), ("gateway, cold", 2, "nginx, xslt", 0.38),
        ("gateway, warm", 2, "nginx, fixed JSON", 1.5), ("gateway, warm", 2, "nginx, xslt on a cache of XML", 0.18),
        ("gateway, warm", 2, "nginx, cache of xslt's JSON", None),
        ("gateway, cold", 100, "nginx, XML through", 4.8), ("gateway, cold", 100, "nginx, xslt", 0.18),
        ("gateway, warm", 100, "nginx, fixed JSON", None),
        ("gateway, cold, access log", 2, "nginx, XML through, access log", None),
        ("gateway, warm, access log", 2, "nginx, fixed JSON, access log", None),
    ]
    for name, size, other, aim in ratios:
        # Within a round both met the same machine.
        each = [one / two for one, two in zip(find(name, size).costs, find(other, size).costs)]
        rows.append([
            f"{name} : {other}, {size} accounts", f"{statistics.median(each):.2f}", f"{min(each):.2f} to {max(each):.2f}",
            f"{aim}" if aim else "",
        ])
    few, many, most = (find("gateway, cold", size).cost() for size in SIZES)
    # What one more account costs, without what a request costs that has hardly any.
    rows.append(["one more account, 100 to 10,000 : 2 to 100", f"{(most - many) / 9900 / ((many - few) / 98):.2f}", "", ""])
    rows.append(["CPU an account, 10,000 : 100", f"{most / 10_000 / (many / 100):.2f}", "", "1.3"])
    medians = {name: statistics.median(times) for name, times in started.items()}
    rows.append([
        f"start to first answer, gateway {medians['gateway']:.1f} ms : nginx {medians['nginx']:.1f} ms",
        f"{medians['gateway'] / medians['nginx']:.2f}", "", "1.2",
    ])
    rows.append(["idle, MiB", f"{resting:.1f}", "", "12"])
    added = peak - resting
    rows.append([f"added at 10,000 accounts, {added:.1f} MiB : document, {document:.1f} MiB", f"{added / document:.2f}", "", "2.5"])
    for line in table(["figure", "median", "least to most", "at most"], rows):
        print(line)


if __name__ == "__main__":
    main()
