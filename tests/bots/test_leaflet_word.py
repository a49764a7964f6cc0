"""Health education by message: one word brings the links, and only where there is something to read."""

from feedback_app.services.runtime import Runtime
from tests.bots.test_dispatch import Patient
from tests.test_documents import published


def test_the_word_brings_the_leaflets_as_links(runtime: Runtime) -> None:
    """S31: by bot word."""
    assert "/health/" not in Patient(runtime).says("健康知识")
    published(runtime, "leaflet", title={"zh": "高血压怎么吃"}, body={"zh": "少盐。"})
    said = Patient(runtime).says("健康知识")
    assert "高血压怎么吃" in said
    assert "/health/" in said
    assert "/health/" not in Patient(runtime).says("健康证在哪办")
