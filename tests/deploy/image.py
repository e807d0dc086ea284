"""Runs the image as Kubernetes would: as 65532, its root read-only, no capabilities, 64 MiB; the same image is the simulator.

    image.py IMAGE

It looks into the image, does the main job with curl, resolves a name, reads production's settings, fills 2,000 connections and
an answer of 8 MiB, and sends SIGTERM with requests in flight. It prints size, start time and memory; a promise that is not
kept ends it with a sentence.
"""

import json
import os
import pathlib
import resource
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from support import (
    ACCOUNTS, PASSWORDS, Client, Failure, basic, expect, free_port, is_ready, listens, once, together, wait_until,
)  # fmt: skip

IMAGE = sys.argv[1]
PRODUCTION = pathlib.Path(__file__).parents[2] / "deploy/overlays/production/gateway.toml"
MEBIBYTE = 1 << 20
CONNECTIONS = 2000
# So many accounts make an answer a little below upstream.max_response_size, 8 MiB.
MANY = 22_000
RESTRICTED = (
    "--user=65532:65532", "--read-only", "--read-only-tmpfs=false", "--cap-drop=ALL", "--security-opt=no-new-privileges",
    "--memory=64m", "--memory-swap=64m", "--pids-limit=64", "--network=host",
)  # fmt: skip


def podman(*arguments):
    done = subprocess.run(["podman", *arguments], capture_output=True, text=True)
    expect(done.returncode == 0, f"podman {' '.join(arguments)}: {done.stderr}")
    return done.stdout.strip()


class Container:
    """A container of the image, gone when the block ends."""

    def __init__(self, *command, options=(), environment=()):
        variables = [f"--env={name}={value}" for name, value in dict(environment).items()]
        self.id = podman("run", "--detach", *RESTRICTED, *options, *variables, IMAGE, *command)
        self.pid = int(podman("inspect", "--format={{.State.Pid}}", self.id))

    def __enter__(self):
        try:
            wait_until(self.is_up, "the container is up")
        except Failure:
            self.__exit__(Failure)
            raise
        return self

    def __exit__(self, kind, *_):
        if kind:
            subprocess.run(["podman", "logs", "--tail=30", self.id])
        podman("rm", "--force", "--time=0", self.id)

    def status(self):
        """What the kernel says of the process."""
        lines = pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return {name: value.split() for name, value in (line.split(":", 1) for line in lines)}

    def memory(self):
        """Resident now, and at its peak, in MiB."""
        status = self.status()
        return [round(int(status[name][0]) / 1024, 1) for name in ("VmRSS", "VmHWM")]

    def age(self):
        """How long the process has run, in seconds."""
        ticks = int(pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[19])
        return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


class Simulator(Container):
    def __init__(self, **switches):
        self.port = free_port()
        given = [f"--switch={name}={value}" for name, value in switches.items()]
        # Not what is measured here, and it holds its large answers several times over.
        options = ["--memory=512m", "--memory-swap=512m"]
        super().__init__("simulate", f"--bind=127.0.0.1:{self.port}", *given, options=options)

    def is_up(self):
        return listens(self.port)


class Gateway(Container):
    def __init__(self, upstream, *command, options=(), **settings):
        self.port, self.admin = free_port(), free_port()
        settings = {
            "SERVER__BIND": f"127.0.0.1:{self.port}",
            "SERVER__WORKERS": 2,
            "ADMIN__BIND": f"127.0.0.1:{self.admin}",
            "UPSTREAM__URL": upstream,
            "UPSTREAM__ALLOW_PLAINTEXT": "true",
            **settings,
        }
        environment = {f"CUPI_GATEWAY__{name}": value for name, value in settings.items()}
        super().__init__(*command, options=options, environment=environment)

    def is_up(self):
        up = is_ready(self.admin)
        self.started_in = self.age()
        return up


def look_into_the_image():
    [image] = json.loads(podman("image", "inspect", IMAGE))
    config = image["Config"]
    size = image["Size"] / 1e6
    expect(size < 30, f"the image has {size:.1f} MB, 30 at most")
    expect(config["User"] == "65532:65532", f"the image's user is {config.get('User')}")
    expect("Healthcheck" not in image and "Healthcheck" not in config, "the image has a HEALTHCHECK")
    for label in ("title", "description", "licenses", "version", "revision"):
        expect(config["Labels"].get(f"org.opencontainers.image.{label}"), f"the label {label} is missing")
    shell = subprocess.run(
        ["podman", "run", "--rm", *RESTRICTED, "--entrypoint=/bin/sh", IMAGE, "-c", "true"], capture_output=True
    )
    expect(shell.returncode == 127, "the image has a shell")
    print(f"image: {size:.1f} MB, no shell, user {config['User']}")


def restrictions(gateway):
    status = gateway.status()
    wanted = {"Uid": ["65532"] * 4, "CapEff": ["0" * 16], "NoNewPrivs": ["1"], "Seccomp": ["2"]}
    for name, value in wanted.items():
        expect(status[name] == value, f"{name} is {status[name]}, not {value}")
    mounts = pathlib.Path(f"/proc/{gateway.pid}/mounts").read_text().splitlines()
    root = next(mount.split()[3] for mount in mounts if mount.split()[1] == "/")
    expect("ro" in root.split(","), f"the root is mounted {root}")
    print("restrictions: uid 65532, no capabilities, no new privileges, seccomp, read-only root")


def main_job(gateway):
    def curl(*arguments):
        command = [
            "curl",
            "--silent",
            "--show-error",
            "--write-out",
            "\n%{http_code}",
            "--user",
            "fung:winter-2010",
            *arguments,
        ]
        body, _, status = subprocess.check_output(command, text=True).rpartition("\n")
        return int(status), body

    accounts = f"http://127.0.0.1:{gateway.port}{ACCOUNTS}"
    status, body = curl(accounts)
    expect(status == 200, f"the accounts were answered {status}: {body}")
    items = json.loads(body)["items"]
    names = [item["displayName"] for item in items]
    expect(names == ["Exchange2K3", "Exchange2K7"], f"fung's accounts are {names}")
    password = f"{accounts}/{items[1]['objectId']}/password"
    status, body = curl("--request", "PUT", "--json", '{"password":"spring & 2011"}', password)
    expect(status == 204, f"the password was answered {status}: {body}")
    status, body = curl(accounts, "--user", "fung:wrong")
    expect(status == 401, f"a wrong password was answered {status}: {body}")
    print("main job: accounts 200, password 204, wrong password 401")


def production_settings():
    options = [f"--volume={PRODUCTION.resolve().parent}:/etc/cupi-gateway:ro"]
    command = ("serve", "--config", f"/etc/cupi-gateway/{PRODUCTION.name}")
    with Gateway("https://cuc-publisher.example.com:8443", *command, options=options, UPSTREAM__ALLOW_PLAINTEXT="false"):
        print("production's settings: accepted")


class Names(threading.Thread):
    """Answers every question for an IPv4 address with loopback's, on an address of its own."""

    address = "127.0.53.53"

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((self.address, 53))

    def run(self):
        while True:
            question, asker = self.socket.recvfrom(512)
            end = question.index(b"\0", 12) + 5
            is_ipv4 = question[end - 4 : end - 2] == b"\0\1"
            record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\1" if is_ipv4 else b""
            head = question[:2] + b"\x81\x80\0\1" + (b"\0\1" if is_ipv4 else b"\0\0") + b"\0\0\0\0"
            self.socket.sendto(head + question[12:end] + record, asker)


def names_and_check(simulator):
    Names().start()
    url = f"http://cuc-publisher.example.test:{simulator.port}"
    with Gateway(url, options=[f"--dns={Names.address}"]) as gateway:
        Client(gateway.port).get_accounts(basic("fung"))
    environment = {"CUPI_GATEWAY__UPSTREAM__URL": url, "CUPI_GATEWAY__UPSTREAM__ALLOW_PLAINTEXT": "true"}
    variables = [f"--env={name}={value}" for name, value in environment.items()]
    podman("run", "--rm", *RESTRICTED, f"--dns={Names.address}", *variables, IMAGE, "check")
    print("names: resolved over DNS; check: reached")


def memory_ceiling():
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with Simulator(many=MANY) as simulator, Gateway(f"http://127.0.0.1:{simulator.port}") as gateway:
        idle = gateway.memory()[0]
        size = len(once(simulator.port, "GET", "/vmrest/user/externalserviceaccounts", basic("mira"))[2]) / MEBIBYTE
        expect(7 < size < 8, f"the large answer has {size:.2f} MiB: change MANY")

        clients = [Client(gateway.port) for _ in range(CONNECTIONS)]
        aliases = [alias for alias in PASSWORDS if alias != "mira"]
        for number, client in enumerate(clients):
            client.send("GET", ACCOUNTS, basic(aliases[number % len(aliases)]))
        statuses = [client.answer()[0] for client in clients]
        expect(set(statuses) == {200}, f"{CONNECTIONS} connections were answered {sorted(set(statuses))}")
        held = gateway.memory()[0]

        def large_answer(_):
            status, _, body = once(gateway.port, "GET", ACCOUNTS, basic("mira"))
            expect(status == 200, f"the large answer was answered {status}: {body[:300]}")
            return len(json.loads(body)["items"])

        for _ in range(5):
            counts = together(large_answer, range(4))
            expect(set(counts) == {MANY}, f"the large answer has {set(counts)} items, not {MANY}")
        for client in clients:
            client.get_accounts(basic("otto"))
            client.close()
        now, peak = gateway.memory()
        expect(is_ready(gateway.admin), "the gateway is not ready after the load")
    print(
        f"memory in MiB, limit 64: idle {idle}, {CONNECTIONS} connections {held}, "
        f"after an answer of {size:.1f} to four at once, five times: {now}; peak {peak}"
    )


def shutdown_with_requests_in_flight():
    # Twenty-eight people, three at a time: the listener closes long before the last is answered.
    delay = {"SERVER__SHUTDOWN_DELAY": "1s"}
    with Simulator(delay="600ms") as simulator, Gateway(f"http://127.0.0.1:{simulator.port}", **delay) as gateway:
        started = threading.Barrier(len(PASSWORDS) + 1)

        def slow_request(alias):
            client = Client(gateway.port)
            client.send("GET", ACCOUNTS, basic(alias))
            started.wait()
            return client.answer()[0]

        def terminate():
            started.wait()
            podman("kill", "--signal=TERM", gateway.id)
            wait_until(lambda: once(gateway.admin, "GET", "/readyz")[0] == 503, "readiness ends", 1)
            newcomer = once(gateway.port, "GET", ACCOUNTS, basic("fung"))[0]
            return newcomer, int(podman("wait", gateway.id))

        begun = time.monotonic()
        with ThreadPoolExecutor(max_workers=1) as pool:
            ending = pool.submit(terminate)
            statuses = together(slow_request, list(PASSWORDS))
            newcomer, code = ending.result()
        seconds = time.monotonic() - begun
        lost = sum(status != 200 for status in statuses)
        expect(lost == 0, f"{lost} of {len(statuses)} requests in flight were lost: {sorted(set(statuses))}")
        expect(newcomer == 200, f"a new connection during the delay was answered {newcomer}")
        expect(code == 0, f"SIGTERM ended the gateway with exit code {code}")
    print(f"SIGTERM with {len(statuses)} requests in flight: none lost, exit code 0 after {seconds:.1f} s")


def main():
    look_into_the_image()
    with Simulator() as simulator:
        with Gateway(f"http://localhost:{simulator.port}") as gateway:
            print(f"start: ready after {gateway.started_in * 1000:.0f} ms")
            restrictions(gateway)
            main_job(gateway)
        names_and_check(simulator)
    production_settings()
    memory_ceiling()
    shutdown_with_requests_in_flight()


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"image: {failure}")
