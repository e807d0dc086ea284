"""Gateways and one simulator behind a real Envoy, set up by hand as Envoy Gateway translates deploy/components/edge-envoy-gateway.

    envoy.py BINARY DIRECTORY ENVOY       (logs go into the directory)

1. 160 callers with two requests each: each stays on one replica.
2. Two rollouts under load, each pod with an address of its own, while twelve pages poll with an old password: no request is
   lost. Without a shared store the number of people who are locked out is told; with one it is 0, and no page costs more
   than two failed sign-ins.
3. An endpoint that refuses connections, and one that does not answer at all, are listed for a while: Envoy goes on without
   them within seconds.
"""

import collections
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import time

from stickiness import BINARY, CALLERS, FOLDER, Load, Process, Simulator
from support import ACCOUNTS, PASSWORDS, Client, Failure, basic, expect, free_port, is_ready, listens, once, together, wait_until

ENVOY = sys.argv[3]
MANY = [f"Bearer token-person{number % 24 + 1:02}{' ' * (number // 24)}" for number in range(160)]
POLLING = [f"person{number:02}" for number in range(1, 13)]

BOOTSTRAP = """
node: {{id: edge, cluster: edge}}
static_resources:
  listeners:
    - name: edge
      address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}
      filter_chains:
        - filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: edge
                http_filters:
                  - name: envoy.filters.http.router
                    typed_config: {{"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}
                route_config:
                  virtual_hosts:
                    - name: edge
                      domains: ["*"]
                      routes:
                        - match: {{prefix: /}}
                          response_headers_to_add: [{{header: {{key: X-Replica, value: "%UPSTREAM_REMOTE_ADDRESS%"}}}}]
                          route:
                            cluster: gateways
                            timeout: 330s
                            hash_policy: [{{header: {{header_name: Authorization}}}}]
                            retry_policy: {{retry_on: connect-failure, num_retries: 1}}
  clusters:
    - name: gateways
      type: EDS
      eds_cluster_config: {{eds_config: {{path_config_source: {{path: {endpoints}}}}}}}
      lb_policy: MAGLEV
      connect_timeout: 1s
      typed_extension_protocol_options:
        envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
          "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
          common_http_protocol_options: {{idle_timeout: 60s}}
          explicit_http_config: {{http_protocol_options: {{}}}}
      outlier_detection:
        split_external_local_origin_errors: true
        consecutive_local_origin_failure: 2
        enforcing_consecutive_local_origin_failure: 100
        enforcing_local_origin_success_rate: 0
        enforcing_consecutive_5xx: 0
        enforcing_consecutive_gateway_failure: 0
        enforcing_success_rate: 0
        interval: 1s
        base_ejection_time: 10s
        max_ejection_percent: 50
"""


class Edge(Process):
    def __init__(self):
        self.port, self.endpoints, self.changes = free_port(), FOLDER / "endpoints.json", 0
        self.lead_to([])
        bootstrap = FOLDER / "envoy.yaml"
        bootstrap.write_text(BOOTSTRAP.format(port=self.port, endpoints=self.endpoints))
        super().__init__("envoy", ENVOY, "-c", str(bootstrap), "--concurrency", "1", "--use-dynamic-base-id", "-l", "warning")
        wait_until(lambda: listens(self.port), "Envoy listens", 60)

    def lead_to(self, addresses):
        """Replaces the endpoints, as a control plane does."""
        self.changes += 1
        place = [
            {"endpoint": {"address": {"socket_address": {"address": host, "port_value": int(port)}}}}
            for host, port in (address.split(":") for address in addresses)
        ]
        assignment = {
            "@type": "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
            "cluster_name": "gateways",
            "endpoints": [{"lb_endpoints": place}],
        }
        new = self.endpoints.with_suffix(".new")
        new.write_text(json.dumps({"version_info": str(self.changes), "resources": [assignment]}))
        # Envoy sees what is moved, not what is written.
        os.replace(new, self.endpoints)


class Pod:
    """A gateway with an address that no other ever has."""

    made = 1

    def __init__(self, simulator, settings):
        Pod.made += 1
        self.admin, self.ended = free_port(), 0
        self.address = f"127.0.0.{Pod.made}:{free_port()}"
        environment = {
            "SERVER__BIND": self.address,
            "SERVER__SHUTDOWN_DELAY": "1s",
            "ADMIN__BIND": f"127.0.0.1:{self.admin}",
            "UPSTREAM__URL": f"http://127.0.0.1:{simulator.port}",
            "UPSTREAM__MAX_IN_FLIGHT": 2,
            "CACHE__TTL": "100ms",
            **settings,
        }
        self.process = Process(f"pod-{Pod.made}", BINARY, "serve", settings=environment)
        wait_until(lambda: is_ready(self.admin), f"{self.address} is ready")

    def rejected(self):
        """How many sign-ins failed here."""
        text = once(self.admin, "GET", "/metrics")[2].decode()
        series = re.findall(r'^http_client_request_duration_seconds_count\{[^}]*status_code="401"[^}]*\} (\d+)$', text, re.M)
        return sum(map(int, series))

    def kill(self):
        self.process.kill()


class Store(Process):
    def __init__(self):
        self.port = free_port()
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        super().__init__("store", *command)
        wait_until(lambda: listens(self.port), "the store listens")
        key = FOLDER / "key"
        key.write_bytes(bytes(range(32)))
        self.settings = {"SHARED__URL": f"redis://127.0.0.1:{self.port}", "SHARED__KEY_FILE": key}


def callers_stick(edge, pods):
    def two_requests(authorization):
        return {once(edge.port, "GET", ACCOUNTS, authorization)[1]["X-Replica"] for _ in range(2)}

    seen = [places for batch in range(0, len(MANY), 20) for places in together(two_requests, MANY[batch : batch + 20])]
    stuck = collections.Counter(place for places in seen if len(places) == 1 for place in places)
    expect(stuck.total() == len(MANY), f"only {stuck.total()} of {len(MANY)} callers stayed on one replica")
    expect(len(stuck) == len(pods), "one replica got every caller")
    print(f"stuck: {stuck.total()} of {len(MANY)} callers; {' and '.join(map(str, stuck.values()))} on the two replicas")


def rollouts(edge, simulator, started, settings, strict):
    """Two rollouts, one pod at a time, while people work and pages poll."""
    pods = [Pod(simulator, settings) for _ in range(2)]
    started += pods
    edge.lead_to([pod.address for pod in pods])
    wait_until(lambda: once(edge.port, "GET", ACCOUNTS, basic("fung"))[0] == 200, "Envoy leads to the new pods")
    workers = [caller for caller in CALLERS if caller not in {basic(alias) for alias in POLLING}][:8]
    load = Load(edge, {caller: [(200, "GET", ACCOUNTS)] for caller in workers})
    pages = Load(edge, {basic(alias, f"old-{strict}"): [(401, "GET", ACCOUNTS)] for alias in POLLING})
    failed = 0
    for _ in range(2):
        for old in list(pods):
            time.sleep(3)
            pods.remove(old)
            edge.lead_to([pod.address for pod in pods])
            # Nobody counts any more when it has ended.
            time.sleep(0.5)
            failed += old.rejected()
            code = old.process.end()
            expect(code == 0, f"{old.address} ended with exit code {code}")
            pods.append(Pod(simulator, settings))
            started.append(pods[-1])
            edge.lead_to([pod.address for pod in pods])
    time.sleep(3)
    load.end()
    pages.end()
    failed += sum(pod.rejected() for pod in pods)
    locked = [alias for alias in POLLING if simulator.is_locked(alias)]
    requests = sum(load.answered.values())
    expect(not load.lost, f"{len(load.lost)} of {requests} requests were lost: {load.lost[:3]}")
    if strict:
        expect(not locked, f"locked out in spite of a shared store: {', '.join(locked)}")
        expect(failed <= 2 * len(POLLING), f"{failed} failed sign-ins of {len(POLLING)} people")
    how = "with" if strict else "without"
    print(
        f"rollouts {how} a shared store: 2, six addresses; {requests} requests, lost 0; {failed} failed sign-ins of "
        f"{len(POLLING)} people with an old password, locked out {len(locked)}"
    )
    return pods


def an_endpoint_is_dead(edge, pods, address, kind):
    edge.lead_to([*(pod.address for pod in pods), address])
    listed = time.monotonic()

    def ask(authorization):
        begun = time.monotonic()
        status = once(edge.port, "GET", ACCOUNTS, authorization)[0]
        return begun - listed, time.monotonic() - begun, status

    answers = []
    # It is tried again 10 seconds after it was left out.
    while time.monotonic() - listed < 8:
        for batch in range(0, len(MANY), 40):
            answers += together(ask, MANY[batch : batch + 40])
    edge.lead_to([pod.address for pod in pods])
    failed = [begun for begun, _, status in answers if status != 200]
    late = [begun for begun in failed if begun > 6]
    slowest = max(seconds for _, seconds, _ in answers)
    expect(not late, f"{kind}: {len(late)} requests failed later than 6 s after the endpoint was listed")
    expect(slowest < 5, f"{kind}: an answer took {slowest:.1f} s")
    last = f"the last {max(failed):.1f} s after it was listed" if failed else "none"
    print(f"{kind}: {len(failed)} of {len(answers)} requests failed, {last}; slowest {slowest:.1f} s")


def main():
    started = []
    try:
        started.append(edge := Edge())
        started.append(simulator := Simulator())
        pods = rollouts(edge, simulator, started, {}, strict=False)
        callers_stick(edge, pods)

        with socket.socket() as refusing:
            refusing.bind(("127.0.0.250", 0))
            an_endpoint_is_dead(edge, pods, "127.0.0.250:%s" % refusing.getsockname()[1], "refused")
        with socket.socket() as silent:
            silent.bind(("127.0.0.251", 0))
            silent.listen(0)
            # Its queue is full: what comes then gets no answer at all.
            held = [socket.socket() for _ in range(4)]
            for connection in held:
                connection.setblocking(False)
                connection.connect_ex(silent.getsockname())
            an_endpoint_is_dead(edge, pods, "127.0.0.251:%s" % silent.getsockname()[1], "silent")
            for connection in held:
                connection.close()

        # Nobody is locked out there yet.
        simulator.kill()
        started.append(simulator := Simulator())
        started.append(store := Store())
        rollouts(edge, simulator, started, store.settings, strict=True)
    finally:
        for process in started:
            process.kill()


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"envoy: {failure} (logs in {FOLDER})")
