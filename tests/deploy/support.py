"""What the runs against real processes share: people, requests, free ports, waiting for a condition."""

import base64
import http.client
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor

# The simulator's people. Whoever signs in with a token is another caller, so there are more callers than people.
PASSWORDS = {
    "fung": "winter-2010",
    "nadia": "lonely-cloud",
    "otto": "single-malt",
    "mira": "forty-winks",
    **{f"person{number:02}": f"secret-{number:02}" for number in range(1, 25)},
}

ACCOUNTS = "/api/v1/accounts"


def basic(alias, password=None):
    """The `Authorization` of a person; without a password, with the right one."""
    text = f"{alias}:{PASSWORDS[alias] if password is None else password}"
    return "Basic " + base64.b64encode(text.encode()).decode()


def bearer(alias):
    return f"Bearer token-{alias}"


class Failure(Exception):
    """A sentence that says which promise was not kept."""


def expect(condition, sentence):
    if not condition:
        raise Failure(sentence)


class Client:
    """A connection that is kept as long as the server keeps it."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def send(self, method, path, authorization=None, body=None, headers=()):
        headers = {**dict(headers), **({"Authorization": authorization} if authorization else {})}
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        self.connection.request(method, path, body, headers)

    def answer(self):
        """The status, the headers and the body of what was sent."""
        response = self.connection.getresponse()
        return response.status, response.headers, response.read()

    def ask(self, method, path, authorization=None, body=None, headers=()):
        self.send(method, path, authorization, body, headers)
        return self.answer()

    def get_accounts(self, authorization):
        """Lists the caller's accounts."""
        status, headers, body = self.ask("GET", ACCOUNTS, authorization)
        expect(status == 200, f"the accounts were answered {status}: {body.decode()[:300]}")
        return headers, json.loads(body)["items"]

    def close(self):
        self.connection.close()


def once(port, method, path, authorization=None, body=None):
    """One request on a connection of its own."""
    client = Client(port)
    try:
        return client.ask(method, path, authorization, body)
    finally:
        client.close()


def free_port():
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_until(condition, what, seconds=20):
    """Waits until the condition holds; a refused or cut connection is a no."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if condition():
                return
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.01)
    raise Failure(f"waited {seconds} s in vain: {what}")


def is_ready(admin_port):
    return once(admin_port, "GET", "/readyz")[0] == 200


def listens(port):
    socket.create_connection(("127.0.0.1", port), timeout=1).close()
    return True


def together(function, values):
    """Calls the function with all values at the same time; the results, in order."""
    with ThreadPoolExecutor(max_workers=max(1, len(values))) as pool:
        return list(pool.map(function, values))
