"""How published figures are laid out as tables, as their source has them."""

import re
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from loadbench.records import Data

Shown = Literal["label", "loader", "model", "gpu", "storage", "seconds", "GB/s", "GiB/s", "cache", "remark"]
SETTING = "settings."
_Setting = Annotated[str, StringConstraints(pattern=rf"^{re.escape(SETTING)}")]


class PublishedColumn(Data):
    """A column of a published table."""

    name: str = Field(description="Heading.")
    shows: Shown | _Setting = Field(description="Field of the record, or `settings.NAME` for one setting.")
    decimals: int | None = Field(
        default=None,
        ge=0,
        le=9,
        description="Decimals that the source prints in this column; null for as many as needed.",
    )


class PublishedTable(Data):
    """Figures that belong together."""

    title: str = Field(description="Title.")
    columns: list[PublishedColumn] = Field(
        default_factory=list,
        description="Columns, in order; empty for the general ones. What differs between the rows and has no column "
        "here gets one of its own.",
    )
    rows: list[str] = Field(min_length=1, description="Names of the records, in order.")
    notes: list[str] = Field(default_factory=list, description="What a reader must know about the table.")
