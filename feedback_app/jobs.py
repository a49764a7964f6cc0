"""The worker process: when to call which service. APScheduler is only the alarm clock; the database decides what is due."""
