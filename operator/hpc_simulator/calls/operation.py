"""GET /operation: the log of operations.

Lives here: which entries a look sees, one page of them. The table of calls imports it.
Never comes in: the log of calls, which only the control endpoint shows.
"""

from hpc_simulator.calls import parameters
from hpc_simulator.calls.context import Context
from hpc_simulator.calls.ordering import begun_by, ordered
from hpc_simulator.envelope import Fields
from hpc_simulator.jobs import Job, named, rendered


def list_operations(ctx: Context) -> Fields:
    """One page of the entries that this look sees, oldest first unless reversed."""
    query = ctx.request.parameters
    ctx.check_zone(parameters.text(query, "zone"))
    owner = query.get("owner") or ctx.account.owner
    begin, end = parameters.moment(query, "start_time"), parameters.moment(query, "end_time")
    lag = ctx.settings.log_lag if ctx.twist.lag is None else ctx.twist.lag
    seen: list[Job] = []
    if ctx.sees(owner):
        seen = begun_by(ctx.world.logged(owner), ctx.now, lag)
        if ctx.settings.log_keeps is not None:
            seen = [job for job in seen if not _forgotten(ctx, job)]
        if begin is not None or end is not None:
            seen = [job for job in seen if _within(int(job.stamp), begin, end)]
        wanted = _wanted(ctx)
        if wanted:
            seen = [job for job in seen if _asked_for(ctx, job, lag, wanted)]
    seen = ordered(ctx, seen, lambda job: int(job.stamp))
    page, total = ctx.page(seen, ctx.world.jobs)
    return {"job_set": [rendered(job, ctx.now, lag, ctx.settings) for job in page], "total_count": total}


def _forgotten(ctx: Context, job: Job) -> bool:
    keeps = ctx.settings.log_keeps
    return keeps is not None and job.ended and job.ends + keeps < ctx.now


def _within(stamp: int, begin: int | None, end: int | None) -> bool:
    return (begin is None or stamp >= begin) and (end is None or stamp <= end)


def _wanted(ctx: Context) -> dict[str, set[str]]:
    """The values asked for, by filter."""
    query = ctx.request.parameters
    return {name: set(query[name].replace(",", " ").split()) for name in _FILTERS if query.get(name)}


def _asked_for(ctx: Context, job: Job, lag: float, wanted: dict[str, set[str]]) -> bool:
    if "job_ids" in wanted and job.job_id not in wanted["job_ids"]:
        return False
    ids = named(job, ctx.settings)  # an entry shows no others
    if "resource_ids" in wanted and wanted["resource_ids"].isdisjoint(ids):
        return False
    if not wanted.keys() - {"job_ids"}:
        return True
    entry = rendered(job, ctx.now, lag, ctx.settings)
    return all(wanted[name] & set(str(entry[name]).split()) for name in wanted if name != "job_ids")


_FILTERS = ("job_ids", "resource_ids", "status", "job_action")
