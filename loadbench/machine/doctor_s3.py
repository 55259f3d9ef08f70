"""What is there for reading from S3: names of variables and files only, never what is in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from loadbench.machine.doctor_finding import Finding

AREA = "S3"
_PAIR = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_WHOLE = (
    "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)  # fmt: skip
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "RUNAI_STREAMER_S3_ENDPOINT")
_REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")


@dataclass(frozen=True)
class S3:
    """Which of them are set, and which files exist."""

    pair: tuple[str, ...]
    whole: tuple[str, ...]
    files: tuple[str, ...]
    endpoints: tuple[str, ...]
    regions: tuple[str, ...]


def s3(environment: Mapping[str, str]) -> S3:
    """Look at the environment, and at the files that AWS's tools share."""
    home = Path(environment.get("HOME") or "/")
    files = (
        Path(environment.get("AWS_SHARED_CREDENTIALS_FILE") or home / ".aws/credentials"),
        Path(environment.get("AWS_CONFIG_FILE") or home / ".aws/config"),
    )

    def named(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in names if environment.get(name))

    return S3(
        pair=named(_PAIR),
        whole=named(_WHOLE),
        files=tuple(str(file) for file in files if _exists(file)),
        endpoints=named(_ENDPOINTS),
        regions=named(_REGIONS),
    )


def s3_findings(seen: S3) -> list[Finding]:
    """Findings from the above: pure."""
    return [_credentials(seen), _endpoint(seen)]


def _exists(file: Path) -> bool:
    try:
        return file.is_file()
    except OSError:
        return False


def _credentials(seen: S3) -> Finding:
    whole = [*(seen.pair if len(seen.pair) == 2 else ()), *seen.whole, *seen.files]
    if len(seen.pair) == 1:
        (missing,) = set(_PAIR) - set(seen.pair)
        return Finding(
            AREA, "credentials", "limited", f"{seen.pair[0]} without {missing}",
            "Half a pair is an error for most clients, even where others would be found.",
            f"Set {missing}, or unset {seen.pair[0]}.",
        )  # fmt: skip
    if whole:
        return Finding(
            AREA, "credentials", "ok", ", ".join(whole), "They are there; whether a server takes them was not tried."
        )
    return Finding(
        AREA, "credentials", "not here", "no variable and no file",
        "Only public buckets can be read, or those that a role of this machine allows, which was not asked for.",
    )  # fmt: skip


def _endpoint(seen: S3) -> Finding:
    if seen.endpoints:
        return Finding(
            AREA, "endpoint", "ok", ", ".join((*seen.endpoints, *seen.regions)), "Another server than Amazon's is used."
        )
    return Finding(
        AREA, "endpoint", "not here", "none is set" + (f"; {', '.join(seen.regions)}" if seen.regions else ""),
        "Buckets are Amazon's.",
    )  # fmt: skip
