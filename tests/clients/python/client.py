"""What a script does with the API, through a client that openapi-generator made: run against `demo`.

Usage: client.py URL
"""

import sys

import cupi_gateway
from cupi_gateway.exceptions import BadRequestException, ConflictException, NotFoundException, UnauthorizedException
from cupi_gateway.models import AlternateDeviceChanges, AlternateDeviceToCreate, NewPassword


def check(holds, what):
    if not holds:
        sys.exit(f"not so: {what}")
    print(f"ok: {what}")


def refusal(kind, call, *arguments):
    """The problem document of a call that must be refused."""
    try:
        call(*arguments)
    except kind as error:
        return error.data
    sys.exit(f"not refused: {call.__name__}")


configuration = cupi_gateway.Configuration(host=sys.argv[1], username="fung", password="winter-2010")
with cupi_gateway.ApiClient(configuration) as client:
    accounts = cupi_gateway.AccountsApi(client)
    listed = accounts.list_accounts()
    check(listed.total == 2, "the caller's two accounts are listed")
    own = next(account for account in listed.items if not account.use_service_credentials)
    serviced = next(account for account in listed.items if account.use_service_credentials)
    check(own.login_type == "userId" and own.user_id == "fung", "a login type is a word")
    check(serviced.user_id is None, "userId may be null")
    check(accounts.get_account(own.object_id) == own, "one account is got")
    password = NewPassword(password="pass:wörd 😀&%+")
    check(accounts.set_account_password(own.object_id, password) is None, "a password is set")
    problem = refusal(ConflictException, accounts.set_account_password, serviced.object_id, password)
    check(problem.code == "password_not_settable" and problem.upstream.status == 400, "a refusal is known by its code")

    devices = cupi_gateway.AlternateDevicesApi(client)
    created = devices.create_alternate_device_with_http_info(AlternateDeviceToCreate(dtmfAccessId="0044207946"))
    device = created.data
    check(created.headers["location"] == device.uri, "a device is created")
    listed = devices.list_alternate_devices(user_defined=True)
    check(device.object_id in [device.object_id for device in listed.items], "it is in the list")
    devices.update_alternate_device(device.object_id, AlternateDeviceChanges(displayName="Holiday flat"))
    check(devices.get_alternate_device(device.object_id).display_name == "Holiday flat", "it is changed")
    check(devices.delete_alternate_device(device.object_id) is None, "it is deleted")
    problem = refusal(NotFoundException, devices.get_alternate_device, device.object_id)
    check(problem.code == "alternate_device_not_found", "then it is not found")

    user = cupi_gateway.UserApi(client)
    spoken = bytes(user.get_voice_name())
    check(spoken[:4] == b"RIFF" and len(spoken) == 1644, "a recording comes as bytes")
    changed = spoken[:44] + bytes(range(256)) * 6 + spoken[-64:]
    check(user.set_voice_name(changed) is None, "a recording is replaced")
    check(bytes(user.get_voice_name()) == changed, "it is what was sent")
    problem = refusal(BadRequestException, user.set_voice_name, b"no recording")
    check(problem.code == "invalid_body", "what is no WAV file is refused")

nobody = cupi_gateway.AccountsApi(cupi_gateway.ApiClient(cupi_gateway.Configuration(host=sys.argv[1])))
problem = refusal(UnauthorizedException, nobody.list_accounts)
check(problem.code == "credentials_missing", "without credentials nothing is told")
