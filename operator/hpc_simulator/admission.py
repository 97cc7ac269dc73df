"""What every request must pass before its call is looked at.

Lives here: common parameters, key, signature, timestamp. The cloud imports it.
Never comes in: quotas, what the call does.
"""

from hpc_simulator.accounts import Account
from hpc_simulator.envelope import Refused
from hpc_simulator.request import Request
from hpc_simulator.settings import Settings
from hpc_simulator.signature import accepted
from hpc_simulator.times import read

COMMON = ("access_key_id", "signature_method", "signature_version", "version", "timestamp", "zone", "signature")
_FIXED = {"signature_method": "HmacSHA256", "signature_version": "1", "version": "1"}


def admit(request: Request, account: Account | None, stamp: float, settings: Settings) -> Account:
    """The account that sent this request at `stamp` of the cloud's clock. Raises Refused: 1100, 1101, 1200 or 1300."""
    _check_common(request)
    if account is None:
        raise Refused(1200, "access key unknown")
    if not accepted(request, account.secret, settings):
        raise Refused(1200, "signature not matched")
    _check_time(request.parameters["timestamp"], stamp, settings)
    return account


def _check_common(request: Request) -> None:
    for name in COMMON:
        if not request.parameters.get(name):
            raise Refused(1100, f"{name} is required")
    for name, value in _FIXED.items():
        if request.parameters[name] != value:
            raise Refused(1101, f"{name} must be {value}")


def _check_time(timestamp: str, stamp: float, settings: Settings) -> None:
    sent = read(timestamp)
    if sent is None:
        raise Refused(1101, "timestamp must look like 2021-08-17T09:11:16Z")
    if stamp - sent > settings.request_lifetime:
        raise Refused(1300)
    if settings.refuse_future and sent - stamp > settings.request_lifetime:
        raise Refused(1300, "in the future")
