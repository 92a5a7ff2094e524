"""A page of Markdown on a terminal, drawn by rich: what can be copied out of it stays in one piece."""

from typing import ClassVar

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown, MarkdownElement
from rich.segment import Segment
from rich.text import Text as RichText
from rich.theme import Theme

from fileq.escapes import escape_controls

_THEME = Theme({"markdown.code": "cyan"})
"""rich's own has a black ground, which hurts on a light terminal."""


class _LeftHeading(Heading):
    """A heading at the left, as the rest of the page."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the heading."""
        del console, options
        self.text.justify = "left"
        self.text.stylize("bold" if self.tag != "h1" else "bold underline")
        yield from ([RichText(), self.text] if self.tag != "h1" else [self.text])


class _PlainCode(CodeBlock):
    """Commands and files, indented: a line is never broken, so that it can be copied."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines, whatever the console's width is."""
        del options
        for line in str(self.text).rstrip().splitlines():
            yield Segment(f"  {line}\n", console.get_style("markdown.code"))


class _Page(Markdown):
    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "heading_open": _LeftHeading,
        "fence": _PlainCode,
        "code_block": _PlainCode,
    }


def render_page(markdown: str, console: Console) -> str:
    """Return the page as text for the console's terminal, with its control codes."""
    safe = "\n".join(map(escape_controls, markdown.splitlines()))
    with console.use_theme(_THEME), console.capture() as capture:
        console.print(_Page(safe, hyperlinks=False), soft_wrap=False, crop=False)
    lines = capture.get().splitlines()
    return "\n".join(line.rstrip() for line in lines) + "\n"
