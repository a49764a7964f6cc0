"""Templates compiled once a process stay what each application's folder says."""

from jinja2 import DictLoader, Environment

from feedback_app.web.compiled_templates import CompiledOnce


def environment(cache: CompiledOnce, source: str) -> Environment:
    return Environment(loader=DictLoader({"page.html": source}), bytecode_cache=cache, autoescape=True)


def test_equal_templates_are_compiled_once_and_others_stay_others() -> None:
    cache = CompiledOnce()
    first, same, other = (
        environment(cache, source) for source in ("<b>{{ x }}</b>", "<b>{{ x }}</b>", "<i>{{ x }}</i>")
    )
    assert first.get_template("page.html").render(x="<") == "<b>&lt;</b>"
    kept = dict(cache._kept)
    assert same.get_template("page.html").render(x=1) == "<b>1</b>"
    assert cache._kept == kept
    assert other.get_template("page.html").render(x=1) == "<i>1</i>"
    assert first.get_template("page.html").render(x=2) == "<b>2</b>"
