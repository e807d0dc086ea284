"""Plants faults in copies of deploy/, one at a time, and sees that the checks find each for the right reason.

faults.py --deploy DIRECTORY [--crds DIRECTORY]      (in the folder that holds node_modules and types.mjs)
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile
from typing import NamedTuple

import yaml

import context
import figures
import schemas

DEPLOYMENT = "base/deployment.yaml"
SETTINGS = "overlays/production/gateway.toml"
OVERLAY = "overlays/production/kustomization.yaml"
ROUTE = "components/edge-gateway-api/httproute.yaml"
ENVOY = "components/edge-envoy-gateway/backendtrafficpolicy.yaml"
NGINX = "components/edge-nginx-gateway-fabric/upstreamsettingspolicy.yaml"
NGINX_PROXY = "components/edge-nginx-gateway-fabric/proxysettingspolicy.yaml"
NGINX_CLIENT = "components/edge-nginx-gateway-fabric/clientsettingspolicy.yaml"
SHARED = "components/shared-valkey/deployment.yaml"
MONITOR = "components/monitoring/servicemonitor.yaml"
RULES = "components/monitoring/prometheusrule.yaml"
SERVICES = "base/service.yaml"

EXTRA = """
---
apiVersion: {version}
kind: {kind}
metadata:
  name: extra
"""
AUTOSCALER = EXTRA.format(version="autoscaling/v2", kind="HorizontalPodAutoscaler")
SECRET = EXTRA.format(version="v1", kind="Secret")


class Fault(NamedTuple):
    """`old` becomes `new` in a file; the check named must then say `sentence`."""

    check: str
    file: str
    old: str
    new: str
    sentence: str


FAULTS = (
    Fault("figures", OVERLAY, "count: 2", "count: 3", "3 replicas × upstream.max_in_flight 2"),
    Fault("figures", SETTINGS, "max_in_flight = 2", "max_in_flight = 3", "2 replicas × upstream.max_in_flight 3"),
    Fault("figures", SETTINGS, "max_in_flight = 2", "", "upstream.max_in_flight is left to its default"),
    Fault("figures", DEPLOYMENT, "GracePeriodSeconds: 45", "GracePeriodSeconds: 35", "terminationGracePeriodSeconds 35"),
    Fault("figures", DEPLOYMENT, "GracePeriodSeconds: 45", "GracePeriodSeconds: 60", "minReadySeconds 45 is less"),
    Fault("figures", SETTINGS, 'shutdown_delay = "5s"', 'shutdown_delay = "15s"', "server.shutdown_delay 15 s"),
    Fault("figures", SETTINGS, 'shutdown_grace = "30s"', 'shutdown_grace = "1m"', "server.shutdown_grace 60 s"),
    Fault("figures", ROUTE, "request: 330s", "request: 50s", "50 s of a list"),
    Fault("figures", ROUTE, "request: 330s", "request: 85s", "85 s of an upload"),
    Fault("figures", ROUTE, "request: 330s", "request: 325s", "325 s of a download"),
    Fault("figures", ROUTE, "timeouts:\n        request: 330s", "timeouts: {}", "no timeouts.request"),
    Fault("figures", SETTINGS, 'queue_timeout = "10s"', 'queue_timeout = "25s"', "340 s of a download"),
    Fault("figures", SETTINGS, '\ntimeout = "15s"', '\ntimeout = "30s"', "340 s of a download"),
    Fault("figures", SETTINGS, 'upload_timeout = "60s"', 'upload_timeout = "6m"', "385 s of an upload"),
    Fault("figures", OVERLAY, "            sectionName: https\n", "", "no sectionName"),
    Fault("figures", NGINX_PROXY, "read: 90s", "read: 50s", "spec.timeout.read 50s"),
    Fault("figures", NGINX_PROXY, "connect: 1s", "connect: 60s", "spec.timeout.connect is 60s"),
    Fault("figures", NGINX_CLIENT, "maxSize: 21m", "maxSize: 20m", "spec.body.maxSize 20m"),
    Fault("figures", ENVOY, "connectTimeout: 1s", "connectTimeout: 10s", "connectTimeout is 10s"),
    Fault("figures", ENVOY, "consecutive5XxErrors: 0", "consecutive5XxErrors: 5", "consecutive5XxErrors is 5"),
    Fault("figures", ENVOY, "splitExternalLocalOriginErrors: true", "", "splitExternalLocalOriginErrors is None"),
    Fault("figures", DEPLOYMENT, "minReadySeconds: 45", "minReadySeconds: 5", "4 processes and up to 8 calls"),
    Fault("figures", DEPLOYMENT, "ephemeral-storage: 64Mi", "cpu: 2", "no limit of ephemeral storage"),
    Fault("figures", "base/serviceaccount.yaml", "metadata:", "secrets: []\nmetadata:", "which the API server drops"),
    Fault("figures", DEPLOYMENT, "memory: 128Mi", "memory: 103Mi", "memory limit 103Mi"),
    Fault("figures", DEPLOYMENT, "memory: 128Mi", "cpu: 2", "no memory limit"),
    Fault("figures", SHARED, "volatile-ttl", "noeviction", "must have --maxmemory"),
    Fault("figures", SHARED, "shared-store\nspec:", "store\nspec:", "leads to a pod"),
    Fault("figures", SETTINGS, 'max_size = "16MiB"', 'max_size = "96MiB"', "cache.max_size 96 MiB"),
    Fault("figures", SETTINGS, 'memory = "40MiB"', 'memory = "80MiB"', "audio.memory 80 MiB"),
    Fault("figures", DEPLOYMENT, "maxSurge: 0", "maxSurge: 1", "maxSurge is 1"),
    Fault("figures", DEPLOYMENT, "maxUnavailable: 1", "maxUnavailable: 2", "maxUnavailable is 2"),
    Fault("figures", DEPLOYMENT, "rollingUpdate:\n      maxSurge: 0\n      maxUnavailable: 1", "", "maxSurge is 25%"),
    Fault("figures", SERVICES, "", AUTOSCALER, "Unity Connection is the bottleneck"),
    Fault(
        "figures", DEPLOYMENT, "/readyz\n              port: admin", "/readyz\n              port: api", "readinessProbe asks"
    ),
    Fault("figures", DEPLOYMENT, "path: /livez", "path: /readyz", "livenessProbe asks"),
    Fault("figures", SETTINGS, "0.0.0.0:9090", "0.0.0.0:9091", "admin.bind's port 9091"),
    Fault("figures", SETTINGS, "0.0.0.0:8080", "0.0.0.0:8081", "server.bind and admin.bind are 8081"),
    Fault("figures", DEPLOYMENT, "enableServiceLinks: false", "enableServiceLinks: true", "enableServiceLinks is True"),
    Fault("figures", DEPLOYMENT, "automountServiceAccountToken: false", "", "automountServiceAccountToken is None"),
    Fault("figures", DEPLOYMENT, "runAsNonRoot: true", "runAsNonRoot: false", "runAsNonRoot is False"),
    Fault("figures", DEPLOYMENT, "readOnlyRootFilesystem: true", "", "readOnlyRootFilesystem is None"),
    Fault("figures", DEPLOYMENT, "drop: [ALL]", "drop: [NET_RAW]", "not {'drop': ['ALL']}"),
    Fault("figures", SERVICES, "", SECRET, "Secret extra holds a secret"),
    Fault("figures", SETTINGS, "[cache]", "password = 'winter'\n[cache]", "holds a secret"),
    Fault("figures", ENVOY, "connectionIdleTimeout: 60s", "connectionIdleTimeout: 75s", "connectionIdleTimeout must be"),
    Fault(
        "figures",
        DEPLOYMENT,
        "ports:",
        "env: [{name: CUPI_GATEWAY__CACHE__MAX_SIZE, value: 64MiB}]\n          ports:",
        "environment",
    ),
    Fault("schemas", DEPLOYMENT, "minReadySeconds", "minReadySecond", "'minReadySecond' was unexpected"),
    Fault("schemas", DEPLOYMENT, "containerPort: 8080", 'containerPort: "80x"', "'80x' is not of type"),
    Fault("schemas", ROUTE, "timeouts:", "timeout:", "'timeout' was unexpected"),
    Fault(
        "schemas",
        ROUTE,
        "- backendRefs:",
        "- matches: [{path: {type: PathPrefix, value: api}}]\n      backendRefs:",
        "value must be an absolute path",
    ),
    Fault("schemas", ENVOY, "type: Headers", "type: Heading", "'Heading' is not one of"),
    Fault("schemas", ENVOY, "type: Headers", "type: Header", "the header field must be set"),
    Fault("schemas", ENVOY, "numRetries: 1", "numRetry: 1", "'numRetry' was unexpected"),
    Fault("schemas", NGINX, "$http_authorization", "http_authorization", "does not match"),
    Fault("types", MONITOR, "interval: 30s", "intervall: 30s", "'\"intervall\"' does not exist"),
    Fault("types", MONITOR, "interval: 30s", "interval: 30", "not assignable to type 'string'"),
    Fault("types", RULES, "expr:", "exprr:", "exprr"),
    Fault("hadolint", "Dockerfile", "WORKDIR /build", "WORKDIR build\nRUN cd /build && sudo true", "DL3000"),
    Fault("context", "Dockerfile.dockerignore", "!openapi\n", "", "openapi is copied"),
    Fault("hadolint", "Dockerfile", "FROM ${BUILD_IMAGE}${BUILD_DIGEST}", "FROM rust:latest", "DL3007"),
)


def plant(fault, deploy):
    """Changes the first place where `old` stands; an empty `old` is the end of the file."""
    file = deploy / fault.file
    text = file.read_text()
    if fault.old not in text:
        raise SystemExit(f"{fault.file} no longer holds {fault.old!r}: plant another fault")
    file.write_text(text.replace(fault.old, fault.new, 1) if fault.old else text + fault.new)
    if fault.file == SHARED:
        overlay = deploy / OVERLAY
        overlay.write_text(overlay.read_text().replace("components:", "components:\n  - ../../components/shared-valkey"))
    if fault.file in (NGINX, NGINX_PROXY, NGINX_CLIENT):
        overlay = deploy / OVERLAY
        overlay.write_text(overlay.read_text().replace("/edge-envoy-gateway", "/edge-nginx-gateway-fabric"))


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout if done.returncode else ""


def found(fault, deploy, core, custom):
    """What the check says of the planted copy."""
    if fault.check == "hadolint":
        return run("hadolint", str(deploy / "Dockerfile"))
    if fault.check == "context":
        return "\n".join(context.check(deploy / "Dockerfile"))
    rendered = deploy / "rendered.yaml"
    text = subprocess.check_output(["kubectl", "kustomize", str(deploy / "overlays/production")], text=True)
    rendered.write_text(text)
    if fault.check == "types":
        return run("node", "types.mjs", str(rendered))
    manifests = [manifest for manifest in yaml.load_all(text, yaml.CSafeLoader) if manifest]
    if fault.check == "schemas":
        return "\n".join(schemas.check(manifests, core, custom))
    return "\n".join(figures.check(manifests))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--deploy", required=True, metavar="DIRECTORY", type=pathlib.Path)
    arguments.add_argument("--crds", metavar="DIRECTORY")
    arguments = arguments.parse_args()

    core = [schemas.CoreKinds(schemas.newest_versions()[-1])]
    custom = schemas.CustomKinds(arguments.crds)
    passed = failed = skipped = 0
    for fault in FAULTS:
        if fault.check == "schemas" and fault.file in (ROUTE, ENVOY, NGINX, NGINX_PROXY, NGINX_CLIENT) and not custom.schemas:
            skipped += 1
            continue
        with tempfile.TemporaryDirectory() as folder:
            deploy = pathlib.Path(folder) / "deploy"
            shutil.copytree(arguments.deploy, deploy)
            plant(fault, deploy)
            said = found(fault, deploy, core, custom)
        if fault.sentence in said:
            passed += 1
        else:
            failed += 1
            print(f"{fault.file}: {fault.old!r} became {fault.new!r}, and {fault.check} said {said!r}, not {fault.sentence!r}")
    print(f"planted: {passed} passed, {failed} failed, {skipped} skipped")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
