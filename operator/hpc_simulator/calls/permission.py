"""GET /permission/{user_id}: the numbers of an account.

Lives here: the one function. The table of calls imports it.
Never comes in: anything else about users.
"""

from hpc_simulator.calls.context import Context
from hpc_simulator.envelope import Fields, Refused


def show_permission(ctx: Context) -> Fields:
    """uid_number and gid_number of the account. Raises Refused(2100), or 1400 by setting, for another one."""
    user = ctx.request.path.rstrip("/").rpartition("/")[2]
    if not ctx.sees(user):
        raise Refused(2100, "user")
    numbers: Fields = {"uid_number": ctx.account.uid_number, "gid_number": ctx.account.gid_number}
    return {"permission": numbers} if ctx.settings.permission_shape == "wrapped" else numbers
