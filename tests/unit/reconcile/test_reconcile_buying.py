"""Whose ids a create names: the account's, unless the settings say that the manifest may know better."""

from types import SimpleNamespace

import pytest

from hpc_operator.decide.decision import Blocked
from hpc_operator.domain.answers import Refused
from hpc_operator.domain.policy import Policy
from hpc_operator.domain.reasons import Reason
from hpc_operator.domain.record import Account
from hpc_operator.reconcile.buying import Buyer
from hpc_operator.reconcile.ports import Credentials, Person

CREDENTIALS = Credentials("key", "secret", Account("https://hpc.example.test/api", "jn1a", "usr-1"), "f00d")
FOUND = Person(1001, 1002)
OTHER = Person(7, 8)


class Permission:
    """The one call that is asked here; counted."""

    def __init__(self):
        self.asked = 0

    async def person(self, credentials, account):
        self.asked += 1
        return FOUND


@pytest.mark.parametrize(
    ("wished", "accept", "expected", "asked", "reason"),
    [
        ((None, None), False, FOUND, 1, "left out: read"),
        ((1001, 1002), False, FOUND, 1, "said as they are"),
        ((1001, None), False, FOUND, 1, "one of them"),
        ((7, None), False, Reason.IDS_DIFFER, 1, "another uid"),
        ((None, 8), False, Reason.IDS_DIFFER, 1, "another gid"),
        ((7, 8), True, OTHER, 0, "the settings let the manifest say both"),
        ((7, None), True, Reason.IDS_DIFFER, 1, "half of them is nobody's"),
    ],
)
async def test_whose_ids_a_create_names(wished, accept, expected, asked, reason):
    calls = Permission()
    nothing = dict.fromkeys(("store", "permits", "clock", "writer", "keeper", "nonce"))
    buyer = Buyer(calls=calls, policy=Policy(accept_other_ids=accept), **nothing)
    resource = SimpleNamespace(desired=SimpleNamespace(uid_number=wished[0], gid_number=wished[1]))
    found = await buyer._person(resource, CREDENTIALS)
    assert (found.reason if isinstance(found, Blocked) else found) == expected, reason
    assert calls.asked == asked, reason
    if isinstance(found, Blocked):
        way = "name both: others are taken as a pair" if accept else "set accept_other_ids in the operator's settings"
        assert way in found.message, "a setting that is set already is no way out"


async def test_an_owner_that_the_service_does_not_know_waits_for_a_person():
    """Not for the network: asked again and again, it would be said to go on by itself for ever."""

    class Unknown(Permission):
        async def person(self, credentials, account):
            return Refused(2100, "The ids of usr-1 cannot be read: ret_code 2100")

    nothing = dict.fromkeys(("store", "permits", "clock", "writer", "keeper", "nonce"))
    buyer = Buyer(calls=Unknown(), policy=Policy(), **nothing)
    found = await buyer._person(SimpleNamespace(desired=SimpleNamespace(uid_number=None, gid_number=None)), CREDENTIALS)
    assert isinstance(found, Blocked)
    assert found.reason is Reason.ACCESS_DENIED
    assert "spec.owner" in found.message
