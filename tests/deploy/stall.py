"""Unity Connection stops for 50 s, with everything as it is by default, while pages ask again 5 s after each answer.

    stall.py BINARY DIRECTORY        (logs go into the directory)

The simulator's process is stopped by a signal: it takes connections and says nothing, and when it wakes up it works off
what has come meanwhile. Each page has a wrong password and asks until it is told so. How many of its sign-ins failed is
told by how many more lock its person out: no third one may have been made.
"""

import pathlib
import signal
import subprocess
import sys
import time

from support import ACCOUNTS, Failure, basic, expect, free_port, is_ready, listens, once, together, wait_until

BINARY, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
STOPPED, PAUSE = 50, 5
# Of each person: how many more sign-ins fail after the stall.
PERSONS = {"person01": 0, "person02": 1, "person03": 2}


def start(name, *command, **settings):
    environment = {f"CUPI_GATEWAY__{key}": value for key, value in settings.items()}
    with (FOLDER / f"{name}.log").open("w") as log:
        return subprocess.Popen([BINARY, *command], env=environment, stdout=log, stderr=log)


def poll(port, alias):
    """Asks until the credentials are known to be wrong: the statuses and codes, in order."""
    answers = []
    while not answers or answers[-1][0] != 401:
        status, _, body = once(port, "GET", ACCOUNTS, basic(alias, "wrong"))
        answers.append((status, body.decode().split('"code":"')[1].split('"')[0]))
        expect(len(answers) < 30, f"{alias} is never told: {answers}")
        time.sleep(PAUSE)
    return answers


def is_locked(port, alias, more):
    """Whether the person is locked out after so many more sign-ins that fail, past the gateway."""
    for _ in range(more):
        once(port, "GET", "/vmrest/user", basic(alias, "wrong"))
    return once(port, "GET", "/vmrest/user", basic(alias))[0] == 401


def calls(admin):
    """How many calls of a resource the gateway has made: with credentials."""
    lines = once(admin, "GET", "/metrics")[2].decode().splitlines()
    counts = [line for line in lines if line.startswith("http_client_request_duration_seconds_count")]
    return sum(int(line.split()[-1]) for line in counts if "externalserviceaccounts" in line)


def main():
    upstream, port, admin = free_port(), free_port(), free_port()
    started = []
    try:
        started.append(simulator := start("simulator", "simulate", f"--bind=127.0.0.1:{upstream}"))
        wait_until(lambda: listens(upstream), "the simulator listens")
        settings = {
            "SERVER__BIND": f"127.0.0.1:{port}",
            "ADMIN__BIND": f"127.0.0.1:{admin}",
            "UPSTREAM__URL": f"http://127.0.0.1:{upstream}",
        }
        started.append(start("gateway", "serve", **settings))
        wait_until(lambda: is_ready(admin), "the gateway is ready")

        simulator.send_signal(signal.SIGSTOP)
        begun = time.monotonic()

        def page(alias):
            if alias is None:
                time.sleep(STOPPED)
                simulator.send_signal(signal.SIGCONT)
                return []
            return poll(port, alias)

        *answers, _ = together(page, [*PERSONS, None])
        seconds = time.monotonic() - begun
        locked = [is_locked(upstream, alias, more) for alias, more in PERSONS.items()]
        sent = calls(admin)
        expect(not locked[0], f"three sign-ins failed: {answers}")
        expect(sent <= 2 * len(PERSONS), f"{sent} calls with the credentials of {len(PERSONS)} persons: {answers}")
        failed = 3 - locked.index(True) if True in locked else 0
        print(
            f"stall: {len(PERSONS)} pages, {sum(map(len, answers))} requests in {seconds:.0f} s, {STOPPED} s of them without "
            f"an answer; {sent} calls with their credentials, {failed} sign-ins counted of one person, nobody locked out"
        )
    finally:
        for process in started:
            process.kill()
            process.wait()


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"stall: {failure} (logs in {FOLDER})")
