"""Writes the OpenAPI document with one fault, for checks that must find it.

Usage: plant.py FAULT DOCUMENT COPY
"""

import json
import sys


def wrong_type(document):
    """Says of a number that it is a text, examples included, so that only the running gateway contradicts."""
    accounts = document["components"]["schemas"]["Accounts"]
    accounts["properties"]["total"] = {"type": "string", "description": "How many items there are.", "example": "2"}
    accounts["example"]["total"] = "2"


def no_such_type(document):
    document["components"]["schemas"]["Account"]["properties"]["displayName"]["type"] = "text"


def named_statuses(document):
    """No fault yet: without `default`, which covers any status, only those count that are named."""
    for path in document["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict):
                operation.get("responses", {}).pop("default", None)


def missing_status(document):
    named_statuses(document)
    del document["paths"]["/api/v1/accounts/{objectId}"]["get"]["responses"]["400"]


def no_success(document):
    named_statuses(document)
    del document["paths"]["/api/v1/accounts/{objectId}"]["get"]["responses"]["200"]


def stale_example(document):
    document["components"]["schemas"]["Account"]["example"]["loginType"] = "alias"


def closed_codes(document):
    """Takes from `code` that there may be more."""
    document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"] = ["forbidden", "overloaded"]


def removed_property(document):
    """Takes from an account its name."""
    account = document["components"]["schemas"]["Account"]
    del account["properties"]["displayName"]
    account["required"].remove("displayName")


def required_property(document):
    """Demands more of a new device."""
    device = new_device(document)
    device["properties"]["kind"] = {"type": "string"}
    device["required"].append("kind")


def choice(document):
    """No fault yet: a new device may be of one of three kinds."""
    new_device(document)["properties"]["kind"] = {"type": "string", "enum": ["home", "mobile", "other"]}


def narrowed_choice(document):
    """Takes one of the three kinds away."""
    choice(document)
    new_device(document)["properties"]["kind"]["enum"].remove("other")


def renamed_operation(document):
    document["paths"]["/api/v1/accounts"]["get"]["operationId"] = "list_all_accounts"


def new_device(document):
    """The schema of what makes a device."""
    body = document["paths"]["/api/v1/alternate-devices"]["post"]["requestBody"]
    name = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    return document["components"]["schemas"][name]


def main(fault, source, target):
    with open(source, encoding="utf-8") as file:
        document = json.load(file)
    {known.__name__: known for known in FAULTS}[fault](document)
    with open(target, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=2)


FAULTS = [
    wrong_type, no_such_type, named_statuses, missing_status, no_success, stale_example, closed_codes,
    removed_property, required_property, choice, narrowed_choice, renamed_operation,
]  # fmt: skip

main(*sys.argv[1:])
