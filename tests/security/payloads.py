"""What people write into fields to see what happens: each one is text, and must arrive, stay and leave as that text."""

_ADDRESS = "http://evil.example/x"

FORMULAS = tuple(
    f"{lead}{rest}"
    for lead in ("=", "+", "-", "@", "\t=", "\r=", "\n=", "＝", "＋", "－", "＠", " =", "'=", '"=', ";=", ",=")
    for rest in ("1+1", f'HYPERLINK("{_ADDRESS}","x")', "cmd|' /C calc'!A0")
)
MARKUP = (
    "<script>window.__hit=1</script>", "<img src=x onerror=window.__hit=1>", "<svg/onload=window.__hit=1>", "<iframe srcdoc='<script>parent.__hit=1</script>'>",
    "\"><script>window.__hit=1</script>", "'-window.__hit=1-'", "</script><script>window.__hit=1</script>", "</textarea><script>window.__hit=1</script>",
    "</title><script>window.__hit=1</script>", "</style><script>window.__hit=1</script>", "<!--><script>window.__hit=1</script>", "<a href=javascript:window.__hit=1>x</a>",
    "<details open ontoggle=window.__hit=1>", "<input autofocus onfocus=window.__hit=1>", "<body onload=window.__hit=1>", "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=javascript:window.__hit=1'>", "<style>@import'//evil.example/x'</style>", "<math><mi//xlink:href='javascript:window.__hit=1'>",
    "<form action=//evil.example/><button>x", "`${window.__hit=1}`", "\\u003cscript\\u003ewindow.__hit=1\\u003c/script\\u003e", "&lt;script&gt;window.__hit=1&lt;/script&gt;",
    "%3Cscript%3Ewindow.__hit=1%3C/script%3E", "+ADw-script+AD4-window.__hit=1+ADw-/script+AD4-", "javascript:window.__hit=1", "data:text/html,<script>window.__hit=1</script>",
    "<ſcript>window.__hit=1</ſcript>", "<img src=x onerror=\"&#119;indow.__hit=1\">", "<object data=javascript:window.__hit=1>", "<video><source onerror=window.__hit=1>",
)  # fmt: skip
TEMPLATES = (
    "{{7*7}}", "{{config}}", "{% for x in ().__class__.__base__.__subclasses__() %}{% endfor %}", "{0.__class__.__mro__}", "{name}", "{month}{name!r}", "%(name)s", "%s%s%n",
    "$name ${name}", "#{7*7}", "<%= 7*7 %>", "${{7*7}}", "{{''.__class__}}", "[[7*7]]", "*{7*7}", "{{{{}}}}", "}} {{", "{", "}",
)  # fmt: skip
STRUCTURES = (
    "]]>", "]]></Content><MsgType><![CDATA[news]]></MsgType>", "<![CDATA[x]]>", "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;", "'; DROP TABLE ratings; --",
    "\" OR 1=1 --", "../../../../etc/passwd", "a\r\nSet-Cookie: x=1", "a\nBcc: x", f"[点这里]({_ADDRESS})", f"<a href=\"{_ADDRESS}\">点这里</a>", "<@all>", "@所有人",
    "<font color=\"warning\">x</font>", "![](http://evil.example/x.png)", "|a|b|", "`code`", "**粗**", "null", "NaN", "undefined", "1e309", "-0", "0x41", "#REF!", "TRUE",
)  # fmt: skip
DIRECTIONS = (
    "\u202egnp.exe",
    "\u2066\u202eabc\u2069",
    "שלום \u202e123",
    "مرحبا",
    "e\u0301\u0302\u0303" * 20,
    "👨‍👩‍👧‍👦",
    "\ufeffx\u200b",
    "ﷺ" * 10,
)
ALL = (*FORMULAS, *MARKUP, *TEMPLATES, *STRUCTURES, *DIRECTIONS)
