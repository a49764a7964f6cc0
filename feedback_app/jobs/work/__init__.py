"""One file per area; see ``feedback_app.jobs.duties`` for what each may expose."""
