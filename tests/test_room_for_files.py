"""A web process takes the open files it may have: a shell's 1,024 are soon used up by waiting phones."""

import subprocess
import sys

import pytest

ASK = "from feedback_app.cli._gunicorn import room_for_files; print(room_for_files(), room_for_files())"


@pytest.mark.parametrize(("limits", "told"), [("-Sn 300", "4000 4000"), ("-Hn 700", "700 700")])
def test_the_soft_limit_is_raised_as_far_as_it_goes(limits: str, told: str) -> None:
    script = f"ulimit -Hn 4000; ulimit {limits}; exec {sys.executable} -c '{ASK}'"
    begun = subprocess.run(["bash", "-c", f"ulimit -Sn 300; {script}"], capture_output=True, text=True, check=True)
    assert begun.stdout.split("\n")[0] == told
