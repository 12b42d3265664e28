"""The grammars inside header values: lists of tokens, extension lists, Host, request targets."""

import dataclasses
import re

from .switches import On

_TCHAR = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
TOKEN = re.compile(f"{_TCHAR}+")
_QUOTED = r'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"'
_LIST_ELEMENT = re.compile(f'(?:[^",]|{_QUOTED})*')
_PARAMETER = re.compile(
    f"[ \t]*;[ \t]*({_TCHAR}+)(?:[ \t]*=[ \t]*({_TCHAR}+|{_QUOTED}))?")
_PORT = r"(?::[0-9]*)?"
_REG_NAME = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})+"
_IP_LITERAL = r"\[(?:[0-9A-Fa-f:.]+|v[0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+)\]"
HOST = re.compile(f"(?:{_REG_NAME}|{_IP_LITERAL}){_PORT}")
_PATH = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*"
_QUERY = r"(?:\?(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*)?"
ORIGIN_FORM = re.compile(f"/{_PATH}{_QUERY}")
ABSOLUTE_FORM = re.compile(f"(?:https?|wss?)://([^/?#]*)((?:/{_PATH})?{_QUERY})", re.IGNORECASE)


class BadGrammar(ValueError):
    """A header value that does not match its grammar."""


@dataclasses.dataclass(frozen=True)
class Offer:
    """One element of Sec-WebSocket-Extensions; a parameter without value has None."""

    name: str
    parameters: tuple[tuple[str, str | None], ...]


def split_list(values: list[str]) -> list[str]:
    """The non-empty elements of comma-separated lines (RFC 9110, 5.6.1), quoted commas kept."""
    return [element for element in _elements(values) if element]


def has_empty_elements(values: list[str]) -> bool:
    """Whether the lists contain elements that a recipient has to skip."""
    return "" in _elements(values)


def _elements(values: list[str]) -> list[str]:
    elements: list[str] = []
    for value in values:
        at = 0
        while at <= len(value):
            match = _LIST_ELEMENT.match(value, at)
            assert match is not None
            if match.end() < len(value) and value[match.end()] != ",":
                raise BadGrammar("an unbalanced quote")
            elements.append(match[0].strip(" \t"))
            at = match.end() + 1
    return elements


def token_list(values: list[str]) -> list[str]:
    """The elements of a 1#token list; raises BadGrammar where one is no token or there is none."""
    elements = split_list(values)
    if not elements or not all(TOKEN.fullmatch(element) for element in elements):
        raise BadGrammar("not a list of tokens")
    return elements


def extension_offers(values: list[str], on: On) -> list[Offer]:
    """Sec-WebSocket-Extensions as offers (RFC 6455, 9.1); raises BadGrammar."""
    offers = []
    for element in split_list(values):
        try:
            offers.append(_extension_offer(element, on))
        except BadGrammar:
            if not on("takes-good-part-of-malformed-extensions"):
                raise
    if not offers:
        raise BadGrammar("no extension in the list")
    return offers


def _extension_offer(element: str, on: On) -> Offer:
    name = TOKEN.match(element)
    if not name:
        raise BadGrammar("an extension without a name")
    at, parameters = name.end(), []
    while at < len(element):
        parameter = _PARAMETER.match(element, at)
        if not parameter:
            raise BadGrammar("a malformed extension parameter")
        parameters.append((parameter[1], _parameter_value(parameter[2], on)))
        at = parameter.end()
    return Offer(name[0], tuple(parameters))


def _parameter_value(text: str | None, on: On) -> str | None:
    """The value as a token; a quoted one is unescaped first and has to be a token then."""
    if text is None or not text.startswith('"'):
        return text
    value = text[1:-1]
    if not on("ignores-quoted-pairs"):
        value = re.sub(r"\\(.)", r"\1", value)
    if on("accepts-blanks-in-quoted-value"):
        value = re.sub(r"[ \t]", "", value)
    if not TOKEN.fullmatch(value):
        raise BadGrammar("a quoted value that is no token")
    return value
