"""Bare Flask and nothing else in its memory: the baseline of ``bench.startup``."""

from flask import Flask


def bare() -> Flask:
    app = Flask(__name__)

    @app.get("/healthz")
    def alive() -> str:
        return "ok"

    return app
