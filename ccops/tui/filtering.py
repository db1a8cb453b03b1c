"""The filter of a list: words and `field:value` terms, all of which must hold; a leading `-` turns one round."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

R = TypeVar("R")
Fields = Callable[[R], Mapping[str, str]]
"""Gives the texts of a row by field name; a bare word is looked for in all of them."""


@dataclass(slots=True, frozen=True)
class Term:
    """One condition: the text is part of that field, or of any field where `name` is empty."""

    name: str
    text: str
    negated: bool = False

    def holds(self, fields: Mapping[str, str]) -> bool:
        """Return whether the row with these fields meets the condition."""
        if self.name:
            found = self.text in fields.get(self.name, "").casefold()
        else:
            found = any(self.text in value.casefold() for value in fields.values())
        return found != self.negated


@dataclass(slots=True, frozen=True)
class Filter:
    """A typed filter; the empty one lets everything through."""

    text: str = ""
    terms: tuple[Term, ...] = ()
    unknown: tuple[str, ...] = ()
    """Field names that this list does not have: such a term is read as plain text."""

    def matches(self, fields: Mapping[str, str]) -> bool:
        """Return whether a row with these fields is shown."""
        return all(term.holds(fields) for term in self.terms)


NO_FILTER = Filter()


def parse_filter(text: str, names: frozenset[str]) -> Filter:
    """Read a filter as typed, e.g. `state:paused -queue:sales anna`; `names` are the fields of the list."""
    terms: list[Term] = []
    unknown: list[str] = []
    for word in text.casefold().split():
        negated = word.startswith("-") and len(word) > 1
        body = word[1:] if negated else word
        name, colon, value = body.partition(":")
        if colon and name in names:
            if value:  # while "state:" is still being typed everything stays visible
                terms.append(Term(name, value, negated))
            continue
        if colon and name.isidentifier():
            unknown.append(name)
        terms.append(Term("", body, negated))
    return Filter(text.strip(), tuple(terms), tuple(unknown))
