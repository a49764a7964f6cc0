"""The worker process: when to call which service. APScheduler is only the alarm clock; the database decides what is due.

Any number of workers may run. What must happen once a day is claimed by a row written in the transaction that does it; what
was missed while no worker ran is done at the first tick afterwards, because ticks ask what is due, not what time it is.
What there is to do stands in the files of ``work``.
"""

from feedback_app.jobs.duties import Daily, Duty, InSteps
from feedback_app.jobs.proving import LATE_TICKS, Probes
from feedback_app.jobs.running import run_worker
from feedback_app.jobs.sending import Channels
from feedback_app.jobs.worker import Worker

__all__ = ["LATE_TICKS", "Channels", "Daily", "Duty", "InSteps", "Probes", "Worker", "run_worker"]
