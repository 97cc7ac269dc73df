"""GET /operation: the log of operations.

Lives here: which entries a look sees, one page of them. The table of calls imports it.
Never comes in: the log of calls, which only the control endpoint shows.
"""

from hpc_simulator.calls import parameters
from hpc_simulator.calls.context import Context
from hpc_simulator.calls.ordering import ordered
from hpc_simulator.envelope import Fields
from hpc_simulator.jobs import Job, rendered


def list_operations(ctx: Context) -> Fields:
    """One page of the entries that this look sees, oldest first unless reversed."""
    query = ctx.request.parameters
    ctx.check_zone(parameters.text(query, "zone"))
    owner = query.get("owner") or ctx.account.owner
    begin, end = parameters.moment(query, "start_time"), parameters.moment(query, "end_time")
    lag = ctx.settings.log_lag if ctx.twist.lag is None else ctx.twist.lag
    seen: list[Job] = []
    if ctx.sees(owner):
        seen = [
            job
            for job in ctx.world.jobs.values()
            if job.owner == owner
            and job.began + lag <= ctx.now
            and not _forgotten(ctx, job)
            and (begin is None or int(job.stamp) >= begin)
            and (end is None or int(job.stamp) <= end)
            and _asked_for(ctx, job, lag)
        ]
    seen = ordered(ctx, seen, lambda job: int(job.stamp))
    page, total = ctx.page(seen, ctx.world.jobs)
    return {"job_set": [rendered(job, ctx.now, lag, ctx.settings) for job in page], "total_count": total}


def _forgotten(ctx: Context, job: Job) -> bool:
    keeps = ctx.settings.log_keeps
    return keeps is not None and job.ended and job.ends + keeps < ctx.now


def _asked_for(ctx: Context, job: Job, lag: float) -> bool:
    query = ctx.request.parameters
    wanted = {name: query[name].replace(",", " ").split() for name in _FILTERS if query.get(name)}
    if "job_ids" in wanted and job.job_id not in wanted["job_ids"]:
        return False
    if not wanted.keys() - {"job_ids"}:
        return True
    entry = rendered(job, ctx.now, lag, ctx.settings)
    return all(set(wanted[name]) & set(str(entry[name]).split()) for name in wanted if name != "job_ids")


_FILTERS = ("job_ids", "resource_ids", "status", "job_action")
