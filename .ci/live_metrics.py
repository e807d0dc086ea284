"""Starts `demo`, makes requests of every kind, and runs a command with METRICS_URL set to its /metrics.

Usage: live_metrics.py BINARY COMMAND [ARGUMENT ...]
"""

import base64
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request

ACCOUNT = "/api/v1/accounts/75436abf-8784-450f-ac61-23a08be2c364"


def ask(url, password, method="GET", body=None):
    """Makes one request as a person of the simulator; a refusal is as good as an answer."""
    pair = base64.b64encode(f"fung:{password}".encode()).decode()
    request = urllib.request.Request(url, method=method, data=body)
    request.add_header("Authorization", f"Basic {pair}")
    request.add_header("Content-Type", "application/json")
    try:
        urllib.request.urlopen(request, timeout=30).read()
    except urllib.error.HTTPError as refusal:
        refusal.read()


def main(binary, command):
    settings = {
        "CUPI_GATEWAY__SERVER__BIND": "127.0.0.1:0",
        "CUPI_GATEWAY__ADMIN__BIND": "127.0.0.1:0",
        "CUPI_GATEWAY__SERVER__SHUTDOWN_DELAY": "0s",
        "CUPI_GATEWAY__LOG__FORMAT": "json",
    }
    demo = subprocess.Popen(
        [binary, "demo"], env={**os.environ, **settings}, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True,
    )
    try:
        for line in demo.stderr:
            listening = json.loads(line)
            if listening["message"] == "listening":
                break
        api, admin = f"http://{listening['address']}", f"http://{listening['admin']}"
        ask(f"{api}/api/v1/accounts", "winter-2010")
        ask(f"{api}/api/v1/accounts", "winter-2010")
        ask(f"{api}/api/v1/accounts", "wrong")
        ask(f"{api}/api/v1/accounts", "wrong")
        ask(f"{api}{ACCOUNT}/password", "winter-2010", "PUT", b'{"password":"abc123"}')
        ask(f"{api}/nope", "winter-2010")
        environment = {**os.environ, "METRICS_URL": f"{admin}/metrics"}
        return subprocess.run(command, env=environment, timeout=600).returncode
    finally:
        demo.terminate()
        demo.wait(timeout=60)


sys.exit(main(sys.argv[1], sys.argv[2:]))
