"""Forms as a browser without JavaScript reads them."""

from dataclasses import dataclass
from html.parser import HTMLParser

__all__ = ["Form", "forms", "only_form", "value_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form: where it goes, how, and what it sends unless somebody types."""

    action: str
    method: str
    fields: dict[str, str]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.values: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            method = given.get("method", "get").upper()
            self.forms.append(Form(action=given.get("action", ""), method=method, fields={}))
        if tag == "input":
            if self.forms and given.get("name"):
                self.forms[-1].fields[given["name"]] = given.get("value", "")
            if given.get("id"):
                self.values[given["id"]] = given.get("value", "")


def forms(html: str) -> list[Form]:
    """Return all forms of a page."""
    reader = _Reader()
    reader.feed(html)
    return reader.forms


def only_form(html: str) -> Form:
    """Return the one form of a page."""
    reader = _Reader()
    reader.feed(html)
    assert len(reader.forms) == 1, html
    return reader.forms[0]


def value_of(html: str, element_id: str) -> str:
    """Return what stands in an input."""
    reader = _Reader()
    reader.feed(html)
    return reader.values[element_id]
