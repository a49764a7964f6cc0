"""Smaller pages for bad connections.

Only pages that are the same for everybody who opens them are compressed. A page that mixes something secret with something
the asker chose (a console with its CSRF token, a receipt with the level) would tell the secret by its length (BREACH, 2013).
The tokens inside the form itself are made anew for every answer and cannot be guessed bit by bit.
"""

import gzip

from flask import Flask, Response, request

from feedback_app.web import page_cache

ENDPOINTS = frozenset({"patient.form", "patient.feedback", "check_code.ask"})
BLUEPRINTS = frozenset({"boards", "evidence"})
SMALLEST = 1000  # bytes; below, one packet takes it anyway
LEVEL = 5


def install(app: Flask) -> None:
    @app.after_request
    def _compress(response: Response) -> Response:
        if request.endpoint not in ENDPOINTS and request.blueprint not in BLUEPRINTS:
            return response
        response.vary.add("Accept-Encoding")
        wanted = request.method == "GET" and request.accept_encodings["gzip"] > 0
        if page_cache.is_offered():
            return response  # it is packed when it is kept
        if wanted and response.status_code == 200 and not response.direct_passthrough:
            body = response.get_data()
            if len(body) >= SMALLEST:
                response.set_data(gzip.compress(body, LEVEL, mtime=0))
                response.headers["Content-Encoding"] = "gzip"
        return response
