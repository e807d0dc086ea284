"""A gateway and a simulator with a real HAProxy between.

    haproxy.py BINARY DIRECTORY        (logs go into the directory)

What `check` says, and what the gateway answers and logs, where HAProxy

1. passes everything on, over TLS and to those alone who call it by its name (strict-sni);
2. has no server behind it: its own 503, and after a minute a line for the operator;
3. has one that is too slow: its own 504;
4. sends everybody to single sign-on.

It prints the figures; a promise that is not kept ends it with a sentence.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

from support import ACCOUNTS, Failure, basic, expect, free_port, is_ready, listens, once, wait_until

BINARY, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()

HAPROXY = """
global
  log stderr local0
defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
frontend named
  bind 127.0.0.1:{named} ssl crt {folder}/pair.pem strict-sni
  default_backend live
backend live
  server cuc 127.0.0.1:{live}
frontend gone
  bind 127.0.0.1:{gone}
  default_backend dead
backend dead
  server cuc 127.0.0.1:{dead} check inter 100ms fall 1
frontend late
  bind 127.0.0.1:{late}
  default_backend slow
backend slow
  timeout server 500ms
  server cuc 127.0.0.1:{slow}
frontend sso
  bind 127.0.0.1:{sso}
  http-request redirect location https://login.example.com/saml/login code 302
"""

processes = []


def start(name, *command, **settings):
    environment = {**os.environ, **{f"CUPI_GATEWAY__{key}": str(value) for key, value in settings.items()}}
    with (FOLDER / f"{name}.log").open("w") as log:
        # A group of its own: what HAProxy signals to its group is not for this script.
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    processes.append(process)
    return process


def simulate(name, *switches):
    port = free_port()
    start(name, BINARY, "simulate", f"--bind=127.0.0.1:{port}", *(f"--switch={switch}" for switch in switches))
    wait_until(lambda: listens(port), f"the simulator {name} listens")
    return port


def pair():
    """HAProxy's certificate and key in one file; the certificate's fingerprint, as openssl prints it."""
    certificate, key = FOLDER / "certificate.pem", FOLDER / "key.pem"
    openssl = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    openssl += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(openssl, check=True, capture_output=True)
    (FOLDER / "pair.pem").write_text(certificate.read_text() + key.read_text())
    fingerprint = ["openssl", "x509", "-in", str(certificate), "-noout", "-fingerprint", "-sha256"]
    return subprocess.run(fingerprint, check=True, capture_output=True, text=True).stdout.strip()


def check(url, expected_code, words, pin=None):
    """What `check` prints: the exit code and these words."""
    settings = {"CUPI_GATEWAY__UPSTREAM__URL": url}
    if pin:
        settings["CUPI_GATEWAY__UPSTREAM__CERTIFICATE_SHA256"] = json.dumps([pin])
    run = subprocess.run([BINARY, "check"], env={**os.environ, **settings}, capture_output=True, text=True)
    said = run.stdout + run.stderr
    expect(run.returncode == expected_code, f"check of {url} ended with {run.returncode}: {said}")
    expect(words in said, f"check of {url} does not say {words!r}: {said}")


class Gateway:
    def __init__(self, name, url, **settings):
        self.log = FOLDER / f"{name}.log"
        self.port, self.admin = free_port(), free_port()
        settings |= {
            "SERVER__BIND": f"127.0.0.1:{self.port}",
            "ADMIN__BIND": f"127.0.0.1:{self.admin}",
            "UPSTREAM__URL": url,
            "CACHE__TTL": "0s",
        }
        start(name, BINARY, "serve", **settings)
        wait_until(lambda: is_ready(self.admin), f"{name} is ready")

    def expect(self, status, code=None):
        got, _, body = once(self.port, "GET", ACCOUNTS, basic("fung"))
        body = json.loads(body)
        told = (got, body.get("code"))
        expect(told == (status, code), f"the gateway answers {told}, not {(status, code)}")


def main():
    fingerprint = pair()
    ports = {name: free_port() for name in ["named", "gone", "dead", "late", "sso"]}
    ports |= {"live": simulate("live"), "slow": simulate("slow", "delay=3s")}
    (FOLDER / "haproxy.cfg").write_text(HAPROXY.format(folder=FOLDER, **ports))
    start("haproxy", "haproxy", "-db", "-f", str(FOLDER / "haproxy.cfg"))
    for name in ["named", "gone", "late", "sso"]:
        wait_until(lambda: listens(ports[name]), "HAProxy listens")
    urls = {name: f"http://127.0.0.1:{ports[name]}" for name in ["gone", "late", "sso"]}

    gone = Gateway("gateway-gone", urls["gone"])
    begun = time.monotonic()
    gone.expect(503, "upstream_busy")
    check(urls["gone"], 1, "the server behind it may be down")

    check(f"https://localhost:{ports['named']}", 0, "Reached: it asks for credentials", fingerprint)
    check(f"https://127.0.0.1:{ports['named']}", 1, "the server wants to be called by its name", fingerprint)
    named = Gateway(
        "gateway-named",
        f"https://localhost:{ports['named']}",
        UPSTREAM__CERTIFICATE_SHA256=json.dumps([fingerprint]),
    )
    named.expect(200)

    check(urls["late"], 1, "a balancer is there and gets no answer from the server behind it (504)")
    Gateway("gateway-late", urls["late"]).expect(504, "upstream_timeout")

    check(urls["sso"], 1, "That may be single sign-on")
    Gateway("gateway-sso", urls["sso"]).expect(502, "upstream_redirected")

    line = "a balancer may answer for a server that is down"
    while line not in gone.log.read_text():
        expect(time.monotonic() - begun < 70, f"after 70 s of 503 the log does not say {line!r}")
        gone.expect(503, "upstream_busy")
        time.sleep(1)
    took = time.monotonic() - begun
    expect(took > 59, f"{took:.0f} s of 503 are called down")
    print(f"HAProxy: strict-sni, 503 (told after {took:.0f} s), 504 and single sign-on are told as what they are")


try:
    main()
except Failure as failure:
    sys.exit(f"haproxy: {failure}")
finally:
    for process in processes:
        process.send_signal(signal.SIGTERM)
    for process in processes:
        process.wait(timeout=60)
