"""Issue 10, shown by 2: no server error and no answer that the description does not name. Longer: bench.api_schema."""

from pathlib import Path

from bench import api_schema


def test_every_answer_is_in_the_description(tmp_path: Path) -> None:
    done = api_schema.run(tmp_path, 4, phases="examples,fuzzing")
    assert done.status == 0, done.words[-4000:]
    assert done.requests > 20, done.words[-2000:]
