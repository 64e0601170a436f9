"""Notes: what Markdown gives, and what never comes alive."""

import re

import pytest

from app.playground.sharing.notes import render


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("*a* **b** `c`", "<em>a</em> <strong>b</strong> <code>c</code>"),
        ("# Title", "<h3>Title</h3>"),
        ("###### Deep", "<h6>Deep</h6>"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "<td>2</td>"),
        ("[x](https://example.org)", 'href="https://example.org" rel="noopener noreferrer nofollow ugc"'),
        ("```sql\nselect 1 < 2\n```", "select 1 &lt; 2"),
    ],
)
def test_markdown(markdown: str, html: str) -> None:
    assert html in render(markdown)


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![x](https://example.org/track.png)",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt&colon;alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        '<div hx-get="/x" hx-trigger="load">x</div>',
        "<style>*{display:none}</style>",
        '[x](https://e.org "onmouseover=alert(1)")',
        "</main></body><template shadowrootmode=open>",
        "> " * 3_000 + "deep",
    ],
)
def test_nothing_active_comes_through(hostile: str) -> None:
    html = render(hostile)
    for tag in re.findall(r"<[^>]*>", html):
        assert re.fullmatch(
            r"</?(?:p|a|em|li|ul|blockquote|strong)(?: href=\"https://[^\"]*\"(?: title=\"[^\"]*\")? rel=\"[^\"]*\")?>",
            tag,
        ), tag
