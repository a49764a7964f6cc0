"""What a file that is sent is called, in any language.

A header holds Latin letters only (RFC 9110, 5.5): a web server refuses others, and the file with them. So a name has two
forms: one in plain letters, and the whole one encoded (RFC 6266, 4.3).
"""

import re
from typing import TypeVar
from urllib.parse import quote

from werkzeug.wrappers import Response

_PLAIN = re.compile(r"[\w .()+-]+", re.ASCII)
_OTHER = re.compile(r"[^\w.()+-]+", re.ASCII)


Answer = TypeVar("Answer", bound=Response)


def disposition(name: str, *, plain: str = "", shown: bool = False) -> str:
    """The value of ``Content-Disposition``; ``shown``: in the page, instead of saved to a file.

    ``plain``: what it is called by programs that know Latin letters only, where that says more than ``name`` without them.
    """
    kind = "inline" if shown else "attachment"
    if _PLAIN.fullmatch(name):
        return f'{kind}; filename="{name}"'
    stem, _, ending = name.rpartition(".")
    plain = plain or f"{_OTHER.sub('_', stem).strip('_') or 'file'}.{_OTHER.sub('_', ending)}"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name.replace('/', '-'), safe='')}"


def named(answer: Answer, name: str, *, plain: str = "", shown: bool = False) -> Answer:
    """The same answer as a file of this name."""
    answer.headers["Content-Disposition"] = disposition(name, plain=plain, shown=shown)
    return answer
