"""Work of the queue on itself."""

from procrastinate import JobContext
from procrastinate.contrib.django import app


@app.periodic(cron="* * * * *")
@app.task(name="kernel.retry_stalled", queueing_lock="kernel.retry_stalled", pass_context=True)
async def retry_stalled(context: JobContext, timestamp: int) -> None:
    """Run again the jobs of a worker that was killed: it no longer says that it is alive.

    Asynchronous, unlike our jobs, because it speaks to the queue itself and to no table of ours.
    """
    for job in await context.app.job_manager.get_stalled_jobs():
        await context.app.job_manager.retry_job(job)
