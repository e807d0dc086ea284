"""Checks that the numbers of a rendered overlay hold together: settings, pods, rollout, route, and what must not be there.

    figures.py FILE...

The settings are read from the ConfigMap that the gateway's `--config` names. What a manifest depends on must be written
there: a default that nobody sees changes without anybody noticing.
"""

import pathlib
import re
import sys
import tomllib

import yaml

CALLS_AT_MOST = 4
MEMORY_BESIDE_KEPT = 48 << 20
SLOWEST_DOWNLOAD = 300
KEEP_ALIVE = 75
SECRET = re.compile(r"^secretKeyRef$|PRIVATE KEY|\bBasic [A-Za-z0-9+/]{8}|(?i:password|secret|token)\s*=\s*[\"']")

UNITS = {
    "": 1,
    "ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600,
    "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9,
    "k": 10**3, "M": 10**6, "G": 10**9,
    "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30,
    "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30,
}  # fmt: skip


class Fault(Exception):
    """A sentence that says what does not hold."""


def amount(text):
    """Reads `45`, `10s`, `1m30s`, `16MiB`, `128Mi`: seconds, or bytes."""
    pieces = re.findall(r"\s*([0-9.]+)\s*([A-Za-z]*)", str(text))
    if not pieces or any(unit not in UNITS for _, unit in pieces):
        raise Fault(f"{text!r} is no duration and no size")
    return sum(float(number) * UNITS[unit] for number, unit in pieces)


def look_up(tree, path, default=None):
    for name in path.split("."):
        if not isinstance(tree, dict) or name not in tree:
            return default
        tree = tree[name]
    return tree


def of_kind(manifests, kind):
    return [manifest for manifest in manifests if manifest["kind"] == kind]


def selects(service, pod):
    """Whether a Service leads to a pod."""
    selector = look_up(service, "spec.selector", {}).items()
    return bool(selector) and selector <= look_up(pod, "metadata.labels", {}).items()


class Gateway:
    """One Deployment of the gateway, with the settings that it reads."""

    def __init__(self, deployment, manifests):
        self.spec = deployment["spec"]
        self.pod = self.spec["template"]
        [self.container] = self.pod["spec"]["containers"]
        self.settings = self.read_settings(of_kind(manifests, "ConfigMap"))

    def read_settings(self, config_maps):
        arguments = self.container["args"]
        file = pathlib.PurePosixPath(arguments[arguments.index("--config") + 1])
        mounts = {mount["mountPath"]: mount["name"] for mount in self.container.get("volumeMounts", [])}
        volumes = {volume["name"]: volume for volume in self.pod["spec"].get("volumes", [])}
        name = look_up(volumes.get(mounts.get(str(file.parent)), {}), "configMap.name")
        for config_map in config_maps:
            if config_map["metadata"]["name"] == name and file.name in config_map["data"]:
                return tomllib.loads(config_map["data"][file.name])
        raise Fault(f"--config names {file}, and no ConfigMap of the overlay is mounted there with that file")

    def setting(self, key):
        value = look_up(self.settings, key)
        if value is None:
            raise Fault(f"{key} is left to its default: write it into the settings, the manifests depend on it")
        return value

    def seconds_or_bytes(self, key):
        return amount(self.setting(key))

    def port(self, name_or_number):
        """The number of a container's port."""
        names = {port["name"]: port["containerPort"] for port in self.container["ports"]}
        return names.get(name_or_number, name_or_number)


def calls_at_once(gateway, _):
    replicas, calls = gateway.spec.get("replicas", 1), gateway.setting("upstream.max_in_flight")
    if replicas * calls > CALLS_AT_MOST:
        yield (
            f"{replicas} replicas × upstream.max_in_flight {calls} are {replicas * calls} calls at once, more than the "
            f"{CALLS_AT_MOST} that leave Unity Connection one of its five: lower one of the two"
        )


def time_to_end(gateway, _):
    given = gateway.pod["spec"].get("terminationGracePeriodSeconds", 30)
    delay, grace = gateway.seconds_or_bytes("server.shutdown_delay"), gateway.seconds_or_bytes("server.shutdown_grace")
    if given <= delay + grace:
        yield (
            f"terminationGracePeriodSeconds {given} is not more than server.shutdown_delay {delay:g} s + "
            f"server.shutdown_grace {grace:g} s: the kubelet would kill what still runs"
        )


def memory(gateway, _):
    limit = look_up(gateway.container, "resources.limits.memory")
    if limit is None:
        yield "the gateway has no memory limit"
        return
    cache, audio = gateway.seconds_or_bytes("cache.max_size"), gateway.seconds_or_bytes("audio.memory")
    if amount(limit) < MEMORY_BESIDE_KEPT + cache + audio:
        yield (
            f"the memory limit {limit} is less than {MEMORY_BESIDE_KEPT >> 20} MiB + cache.max_size "
            f"{cache / (1 << 20):g} MiB + audio.memory {audio / (1 << 20):g} MiB: the kernel would end the gateway when both are full"
        )


def rollout(gateway, _):
    strategy = gateway.spec.get("strategy", {})
    surge = look_up(strategy, "rollingUpdate.maxSurge", "25%")
    unavailable = look_up(strategy, "rollingUpdate.maxUnavailable", "25%")
    if surge != 0:
        yield f"maxSurge is {surge}, not 0: during a rollout one pod more would call Unity Connection"
    if unavailable != 1:
        yield f"maxUnavailable is {unavailable}, not 1: a rollout would stand still or take every replica at once"
    ends = gateway.pod["spec"].get("terminationGracePeriodSeconds", 30)
    between = gateway.spec.get("minReadySeconds", 0)
    if between < ends:
        # Pods that end are not counted among the replicas.
        ending = min(gateway.spec.get("replicas", 1), 1 + ends // max(between, 1))
        processes = gateway.spec.get("replicas", 1) + ending
        calls = processes * gateway.setting("upstream.max_in_flight")
        yield (
            f"minReadySeconds {between} is less than terminationGracePeriodSeconds {ends}: a rollout would run {processes} "
            f"processes and up to {calls} calls at once"
        )


def no_autoscaler(_, manifests):
    for manifest in manifests:
        if manifest["kind"].endswith("Autoscaler") or manifest["kind"] == "ScaledObject":
            yield (
                f"{manifest['kind']} {manifest['metadata']['name']}: Unity Connection is the bottleneck, "
                "more replicas only press it harder"
            )


def probes(gateway, _):
    admin = int(gateway.setting("admin.bind").rpartition(":")[2])
    for probe, path in (("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
        request = look_up(gateway.container, f"{probe}.httpGet", {})
        if request.get("path") != path or gateway.port(request.get("port")) != admin:
            yield f"{probe} asks {request.get('path')} on port {request.get('port')}, not {path} on admin.bind's port {admin}"


def ports(gateway, manifests):
    api = int(gateway.setting("server.bind").rpartition(":")[2])
    admin = int(gateway.setting("admin.bind").rpartition(":")[2])
    reached = set()
    for service in of_kind(manifests, "Service"):
        if selects(service, gateway.pod):
            targets = {gateway.port(port.get("targetPort", port["port"])) for port in service["spec"]["ports"]}
            reached |= targets
            if len(targets) > 1:
                yield f"Service {service['metadata']['name']} leads to the API and to the admin port: keep them apart"
    if reached != {api, admin}:
        yield f"the Services lead to the ports {sorted(reached, key=str)}, server.bind and admin.bind are {api} and {admin}"


def route(gateway, manifests):
    services = {service["metadata"]["name"] for service in of_kind(manifests, "Service") if selects(service, gateway.pod)}
    call = gateway.seconds_or_bytes("upstream.queue_timeout") + gateway.seconds_or_bytes("upstream.timeout")
    upload = gateway.seconds_or_bytes("audio.upload_timeout")
    longest = {
        "a list made of single reads (twice upstream.queue_timeout + upstream.timeout)": 2 * call,
        "an upload (audio.upload_timeout + upstream.queue_timeout + upstream.timeout)": upload + call,
        f"a download (upstream.queue_timeout + upstream.timeout + {SLOWEST_DOWNLOAD} s)": call + SLOWEST_DOWNLOAD,
    }
    for manifest in of_kind(manifests, "HTTPRoute"):
        for rule in manifest["spec"]["rules"]:
            if not services & {backend["name"] for backend in rule.get("backendRefs", [])}:
                continue
            timeouts = rule.get("timeouts", {})
            if "request" not in timeouts:
                yield "the route has no timeouts.request: the edge's own default may be shorter than a call"
            for name, given in timeouts.items():
                for what, seconds in longest.items():
                    if amount(given) <= seconds:
                        yield (
                            f"the route's timeouts.{name} {given} is not more than the {seconds:g} s of {what}: the edge would "
                            "give up before the gateway"
                        )
    for manifest in of_kind(manifests, "ProxySettingsPolicy"):
        given = look_up(manifest, "spec.timeout.read", "60s")
        if amount(given) <= 2 * call:
            yield f"ProxySettingsPolicy: spec.timeout.read {given} is not more than the {2 * call:g} s after which an answer may begin"
    for manifest in of_kind(manifests, "ClientSettingsPolicy"):
        given = look_up(manifest, "spec.body.maxSize", "1m")
        size = gateway.seconds_or_bytes("audio.max_size")
        if float(given[:-1]) * 2**20 <= size:
            yield f"ClientSettingsPolicy: spec.body.maxSize {given} is not more than audio.max_size: the edge would refuse recordings"


def listener(_, manifests):
    for manifest in of_kind(manifests, "HTTPRoute"):
        for parent in manifest["spec"]["parentRefs"]:
            if "sectionName" not in parent:
                yield (
                    f"the route names no sectionName of {parent['name']}: it would attach to a listener on port 80 too, and "
                    "passwords would travel in clear"
                )


def dead_endpoints(_, manifests):
    """An edge goes on soon without a pod that takes no connections, and ejects nobody for an answer."""
    passive = {
        "splitExternalLocalOriginErrors": True,
        "consecutiveLocalOriginFailures": 2,
        "consecutive5XxErrors": 0,
        "consecutiveGatewayErrors": 0,
    }
    for manifest in of_kind(manifests, "BackendTrafficPolicy"):
        who = "BackendTrafficPolicy cupi-gateway"
        wanted = {f"spec.healthCheck.passive.{name}": value for name, value in passive.items()}
        yield from unlike(who, manifest, {"spec.timeout.tcp.connectTimeout": "1s", **wanted})
    for manifest in of_kind(manifests, "ProxySettingsPolicy"):
        yield from unlike("ProxySettingsPolicy cupi-gateway", manifest, {"spec.timeout.connect": "1s"})


def kept(_, manifests):
    """What an API server drops from a manifest differs from the manifest for ever."""
    for manifest in manifests:
        for path, value in empty(manifest):
            yield f"{manifest['kind']} {manifest['metadata']['name']}: {path} is {value!r}, which the API server drops: leave it out"


# These the API server keeps: each means something else than nothing.
MEANT = ("podSelector", "namespaceSelector", "emptyDir", "matchLabels")


def empty(value, path="$"):
    """Every null, empty list and empty object in a manifest, with its place."""
    if isinstance(value, dict):
        for name, part in value.items():
            if name in MEANT and part == {}:
                continue
            if part is None or part in ({}, []):
                yield f"{path}.{name}", part
            yield from empty(part, f"{path}.{name}")
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from empty(part, f"{path}[{number}]")


def edge(gateway, manifests):
    for manifest in manifests:
        idle = {
            "BackendTrafficPolicy": "spec.timeout.http.connectionIdleTimeout",
            "UpstreamSettingsPolicy": "spec.keepAlive.timeout",
        }.get(manifest["kind"])
        given = look_up(manifest, idle) if idle else "0s"
        if given is None or amount(given) >= KEEP_ALIVE:
            yield (
                f"{manifest['kind']}: {idle} must be set and shorter than the {KEEP_ALIVE} s for which the gateway keeps an "
                "idle connection, or requests meet a closing one"
            )


def secrets(_, manifests):
    for manifest in manifests:
        if manifest["kind"] == "Secret" or any(SECRET.search(text) for text in texts(manifest)):
            yield f"{manifest['kind']} {manifest['metadata']['name']} holds a secret: the gateway has none of its own"


def texts(value):
    """Every name and every text in a manifest."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        for part in value:
            yield from texts(part)
    elif isinstance(value, str):
        yield value


def environment(gateway, _):
    names = [variable["name"] for variable in gateway.container.get("env", [])]
    # A component cannot write into the settings' file of an overlay.
    names = [name for name in names if not name.startswith("CUPI_GATEWAY__SHARED__")]
    if "envFrom" in gateway.container or any(name.startswith("CUPI_GATEWAY__") for name in names):
        yield "the environment would win over the settings' file: write it there, where these checks read it"


def restricted_pods(_, manifests):
    """Pod security's level `restricted`, and what it leaves open."""
    for manifest in manifests:
        pod = look_up(manifest, "spec.template.spec")
        if pod is None:
            continue
        who = f"{manifest['kind']} {manifest['metadata']['name']}"
        wanted = {
            "enableServiceLinks": False,
            "automountServiceAccountToken": False,
            "securityContext.runAsNonRoot": True,
            "securityContext.runAsUser": 65532,
            "securityContext.seccompProfile.type": "RuntimeDefault",
        }
        yield from unlike(who, pod, wanted)
        for container in pod["containers"] + pod.get("initContainers", []):
            wanted = {
                "securityContext.allowPrivilegeEscalation": False,
                "securityContext.readOnlyRootFilesystem": True,
                "securityContext.capabilities": {"drop": ["ALL"]},
            }
            yield from unlike(f"{who}, container {container['name']}", container, wanted)


def shared_store(gateway, manifests):
    """The store that the environment names is there, may be reached, and expires what is oldest."""
    variables = {variable["name"]: variable.get("value") for variable in gateway.container.get("env", [])}
    url = variables.get("CUPI_GATEWAY__SHARED__URL")
    if url is None:
        return
    mounts = [mount["mountPath"] for mount in gateway.container.get("volumeMounts", [])]
    file = variables.get("CUPI_GATEWAY__SHARED__KEY_FILE") or ""
    if str(pathlib.PurePosixPath(file).parent) not in mounts:
        yield f"CUPI_GATEWAY__SHARED__KEY_FILE is {file!r}: no volume is mounted there"
    host, _, port = url.rpartition("/")[2].partition(":")
    services = [service for service in of_kind(manifests, "Service") if service["metadata"]["name"] == host]
    stores = [store for store in of_kind(manifests, "Deployment") if services and selects(services[0], store["spec"]["template"])]
    if not stores:
        yield f"CUPI_GATEWAY__SHARED__URL names {host}, and no Service of that name leads to a pod"
        return
    [store] = stores
    arguments = store["spec"]["template"]["spec"]["containers"][0]["args"]
    settings = dict(zip(arguments[::2], arguments[1::2], strict=False))
    if settings.get("--maxmemory-policy") != "volatile-ttl" or "--maxmemory" not in settings:
        yield f"Deployment {host} must have --maxmemory and --maxmemory-policy volatile-ttl: else news are refused when it is full"
    labels = store["spec"]["template"]["metadata"]["labels"]
    for policy in of_kind(manifests, "NetworkPolicy"):
        if look_up(policy, "spec.podSelector.matchLabels", {}).items() <= look_up(gateway.pod, "metadata.labels").items():
            rules = policy["spec"].get("egress", [])
            reached = [to for rule in rules for to in rule.get("to", []) if {"port": int(port)} in rule.get("ports", [])]
            if not any(look_up(to, "podSelector.matchLabels", {}).items() <= labels.items() for to in reached if "podSelector" in to):
                yield f"the gateway's network policy lets nothing out to {host} on port {port}"


def storage(gateway, _):
    if look_up(gateway.container, "resources.limits.ephemeral-storage") is None:
        yield "the gateway has no limit of ephemeral storage"


def unlike(who, tree, wanted):
    for path, value in wanted.items():
        if look_up(tree, path) != value:
            yield f"{who}: {path} is {look_up(tree, path)}, not {value}"


RULES = (
    calls_at_once, time_to_end, memory, rollout, no_autoscaler, probes, ports, route, listener, edge, dead_endpoints,
    secrets, environment, restricted_pods, kept, storage, shared_store,
)  # fmt: skip


def check(manifests):
    """Tells everything that does not hold."""
    deployments = [
        deployment
        for deployment in of_kind(manifests, "Deployment")
        if "serve" in deployment["spec"]["template"]["spec"]["containers"][0].get("args", [])
    ]
    if not deployments:
        yield "no Deployment runs `serve`"
    for deployment in deployments:
        try:
            gateway = Gateway(deployment, manifests)
        except Fault as fault:
            yield str(fault)
            continue
        for rule in RULES:
            try:
                yield from rule(gateway, manifests)
            except Fault as fault:
                yield str(fault)


def main():
    found = False
    for file in sys.argv[1:]:
        faults = list(check([manifest for manifest in yaml.safe_load_all(pathlib.Path(file).read_text()) if manifest]))
        found = found or bool(faults)
        print(f"{pathlib.Path(file).name}: {len(RULES)} rules, {len(faults)} faults", *faults, sep="\n  ")
    return found


if __name__ == "__main__":
    sys.exit(main())
