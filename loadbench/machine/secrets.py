"""Keeping secrets out of records, logs and reports."""

import os
import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote

HIDDEN = "***"
_SHORTEST = 8
"""A shorter value is not replaced wherever it stands: that would riddle the text with holes and hide little."""

_SECRET_VARIABLE = re.compile(
    r"(^|_)(TOKEN|SECRET|PASS|PASSWD|PASSPHRASE|KEY|KEY_ID|APIKEY|SIGNATURE|CONNECTION_STRING)$|PASSWORD|SECRET_",
    re.IGNORECASE,
)
_SECRET_WORD = (
    r"(?:signature|credentials?|token|secret|password|passwd|passphrase|access[_-]?key(?:[_-]?id)?|api[_-]?key)"
)
# A name that ends in a secret word, or is one of the short ones of signed URLs, up to its value.
_SECRET_NAME = rf"(?<![\w.-])(?:[\w.-]*{_SECRET_WORD}|sig|pwd)[\"']?\s*[=:]\s*"
_SECRET_FLAG = re.compile(rf"-{{0,2}}(?:[\w.-]*{_SECRET_WORD}|pwd)", re.IGNORECASE)

_PATTERNS = (
    # Credentials in a URL: everything up to the last @ before the path.
    (re.compile(r"(://)[^/\s\"'?#]+@"), rf"\1{HIDDEN}@"),
    (re.compile(r"(authorization[\"']?\s*[:=]\s*[\"']?)[^\r\n\"']+", re.IGNORECASE), rf"\1{HIDDEN}"),
    (re.compile(r"\b(bearer\s+)[^\s\"',;]+", re.IGNORECASE), rf"\1{HIDDEN}"),
    (re.compile(rf"({_SECRET_NAME})([\"'])(?:(?!\2).)+\2", re.IGNORECASE), rf"\1\2{HIDDEN}\2"),
    (re.compile(rf"({_SECRET_NAME})[^\s&\"',;{{}}]+", re.IGNORECASE), rf"\1{HIDDEN}"),
    # Ids and tokens that are known by their form: AWS, Hugging Face, GitHub.
    (re.compile(r"(?:AKIA|ASIA)[A-Z0-9]{16}|hf_[A-Za-z0-9]{20,}|gh[pousr]_[A-Za-z0-9]{20,}"), HIDDEN),
)


def redact(text: str) -> str:
    """The text with every secret that can be recognised replaced by `***`.

    Recognised are: values of this process's environment variables whose names look secret, credentials in
    URLs, signed URLs' parameters, Authorization headers, `name=value` where the name is a secret's, and ids
    and tokens of a known form.
    """
    for value in secret_values(os.environ):
        text = text.replace(value, HIDDEN)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def redact_command(argv: Sequence[str]) -> list[str]:
    """A command line without secrets: `redact` on each word, and `--token VALUE` as two words too."""
    words = []
    hide = False
    for word in argv:
        name, equals, _ = word.partition("=")
        is_secret = _SECRET_FLAG.fullmatch(name) is not None
        words.append(HIDDEN if hide else f"{name}={HIDDEN}" if is_secret and equals else redact(word))
        hide = is_secret and not equals and word.startswith("-")
    return words


def secret_values(environment: Mapping[str, str]) -> list[str]:
    """The values to hide, plain and as a URL has them, the longest first so that none hides a part of another."""
    plain = {value for name, value in environment.items() if _SECRET_VARIABLE.search(name) and len(value) >= _SHORTEST}
    return sorted(plain | {quote(value, safe="") for value in plain}, key=len, reverse=True)
