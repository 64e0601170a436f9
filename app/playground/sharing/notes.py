"""Notes in Markdown as safe HTML: no raw HTML, nothing active, links that say nothing of where they were followed."""

import re

import nh3
from markdown_it import MarkdownIt

_TAGS = {"p", "br", "em", "strong", "s", "code", "pre", "ul", "ol", "li", "blockquote", "h3", "h4", "h5", "h6"}
_TAGS |= {"a", "hr", "table", "thead", "tbody", "tr", "th", "td"}
_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False, "maxNesting": 20})
_markdown.enable(["table", "strikethrough"])
_HEADING = re.compile(r"<(/?)h([1-6])>")


def render(markdown: str) -> str:
    """The notes as HTML; their headings begin at the third level, below the page's own."""
    html = _HEADING.sub(lambda found: f"<{found[1]}h{min(6, int(found[2]) + 2)}>", _markdown.render(markdown))
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https"},
        link_rel="noopener noreferrer nofollow ugc",
    )
