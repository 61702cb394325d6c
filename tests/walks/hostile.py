"""More than two hundred strings that want to be more than text. What runs calls `hostile()`, and a walk listens."""

_RUN = "hostile()"
_VECTORS = (
    f"<script>{_RUN}</script>",
    f"<SCRIPT SRC=data:text/javascript,{_RUN}></SCRIPT>",
    f"<img src=x onerror={_RUN}>",
    f"<img/src/onerror={_RUN}>",
    f"<svg onload={_RUN}>",
    f"<svg/onload={_RUN}//",
    f"<svg><script>{_RUN}</script></svg>",
    f"<svg><animate onbegin={_RUN} attributeName=x dur=1s>",
    f"<body onload={_RUN}>",
    f"<details open ontoggle={_RUN}>",
    f"<input autofocus onfocus={_RUN}>",
    f"<select autofocus onfocus={_RUN}>",
    f"<video><source onerror={_RUN}></video>",
    f"<audio src=x onerror={_RUN}>",
    f"<iframe srcdoc='<script>parent.{_RUN}</script>'></iframe>",
    f"<iframe src='javascript:parent.{_RUN}'></iframe>",
    f"<object data='javascript:{_RUN}'></object>",
    f"<embed src='javascript:{_RUN}'>",
    f"<a href='javascript:{_RUN}' autofocus>here</a>",
    f"<form action='javascript:{_RUN}'><button autofocus>here</button></form>",
    f"<math><mi xlink:href='javascript:{_RUN}'>x</mi></math>",
    f"<meta http-equiv=refresh content='0;url=javascript:{_RUN}'>",
    "<meta http-equiv=refresh content='0;url=https://elsewhere.example/'>",
    "<base href='https://elsewhere.example/'>",
    "<link rel=stylesheet href='https://elsewhere.example/x.css'>",
    "<style>@import 'https://elsewhere.example/x.css';</style>",
    "<img src='https://elsewhere.example/x.png'>",
    f"<div hx-get='/me' hx-trigger='load' hx-on::after-request='{_RUN}'>x</div>",
    f"<div data-hx-on:load='{_RUN}' hx-trigger='load' hx-get='/me'>x</div>",
    "<div data-live='https://elsewhere.example/events'>x</div>",
    f"<template><script>{_RUN}</script></template>",
    f"<noscript><p title='</noscript><img src=x onerror={_RUN}>'></noscript>",
    f"<!--><img src=x onerror={_RUN}>-->",
    f"<![CDATA[><img src=x onerror={_RUN}>]]>",
    f"<xmp><img src=x onerror={_RUN}></xmp>",
    f"<marquee onstart={_RUN}>x</marquee>",
)
_WAYS_OUT = ("", '">', "'>", "</title></textarea></select></script></style></pre>")
"""Out of an attribute, and out of elements whose content is text."""
_ATTRIBUTES = (
    f'" onmouseover="{_RUN}" autofocus onfocus="{_RUN}',
    f"' onmouseover='{_RUN}' autofocus onfocus='{_RUN}",
    f"x autofocus onfocus={_RUN}",
    f"`;{_RUN}//",
    f"';{_RUN}//",
    f'";{_RUN}//',
    f"\\';{_RUN}//",
    f"</script><script>{_RUN}//",
    f"javascript:{_RUN}",
    f"JaVaScRiPt:{_RUN};",
    f"java\tscript:{_RUN}",
    f" javascript:{_RUN}",
    f"data:text/html,<script>{_RUN}</script>",
    f"vbscript:{_RUN}",
    "//elsewhere.example/x",
)
_TEMPLATES = (
    "{{1337*1337}}",
    "${1337*1337}",
    "#{1337*1337}",
    "<%= 1337*1337 %>",
    "{% if 1 %}",
    "{{config}}",
    "{{''.__class__.__mro__}}",
    "{% include '/etc/passwd' %}",
    "{{self}}",
    "[[${1337*1337}]]",
)
_CELLS = (
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    '=HYPERLINK("https://elsewhere.example")',
    "\t=1+1",
    "\r=1+1",
    "=cmd|'/c x'!A1",
)
_LETTERS = (
    "\u202eabc\u202c",
    "\u2066\u202edrow\u2069",
    "\u200f\u0645\u0631\u062d\u0628\u0627",
    "\u05e9\u05dc\u05d5\u05dd (abc) 123",
    "a\u200bb\u200cc\u200dd\ufeff",
    "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319" * 8,
    "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 20,
    "\uff1cscript\uff1ehostile()\uff1c/script\uff1e",
    "\u02bahostile()\u02b9",
    "\x01\x02\x07\x1b[31mred\x1b[0m",
    "\u0085\u2028\u2029x",
    "x" * 5000,
    "word " * 800,
    "\ufffd\ufffe",
    "&lt;script&gt;hostile()&lt;/script&gt;",
    "&#60;script&#62;hostile()",
    "\"'`<>&;",
    "\\",
    "%00%0d%0aSet-Cookie:x=1",
    "%3Cscript%3Ehostile()%3C/script%3E",
)
_LINES = (
    "x\n2026-01-01 00:00:00 [error] forged event",
    "x\r\nlevel=critical msg=forged",
    '"} {"level": "critical"}',
    "x\x0b\x0cy",
)
_PATHS = ("../../../../etc/passwd", "..\\..\\x", "C:\\x", "/etc/passwd", "x/../../y", "%2e%2e%2f", "con", ".")
_NOTHING = ("null", "undefined", "None", "NaN", "[object Object]", "__proto__", "constructor", "0", "-0", "{}")
_HEADERS = (
    f"x\r\nSet-Cookie: hostile=1\r\nContent-Type: text/html\r\n\r\n<script>{_RUN}</script>",
    "x\r\nLocation: https://elsewhere.example/\r\n\r\n",
    f"<div _='on load call {_RUN}' script='on load call {_RUN}'>x</div>",
)
"""Of answers, and what a library of attributes would run."""
_QUERIES = ("' OR 1=1 --", "'; DROP TABLE accounts; --", "%_%", "\\x00", "$1", "?", ":name", "%s %(x)s {0}")

STRINGS = (
    *(out + vector for vector in _VECTORS for out in _WAYS_OUT),
    *_ATTRIBUTES,
    *_TEMPLATES,
    *_CELLS,
    *_LETTERS,
    *_LINES,
    *_PATHS,
    *_QUERIES,
    *_NOTHING,
    *_HEADERS,
)
"""All different, and none that PostgreSQL does not take."""
TYPED = (*STRINGS, "nord\x00_01")
"""What is typed into forms: a NUL is refused at the door."""
COMPUTED = "1787569"
"""What stands on a page when a template was computed."""
