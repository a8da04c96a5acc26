"""Where rows come from, how a file is laid out, and which day it speaks for."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import (
    Field as Key,
)
from pydantic import (
    StrictInt,
    StringConstraints,
    model_validator,
)

from etl.contract.vocabulary import (
    FieldName,
    Strict,
    Text,
)

RowNumber = Annotated[StrictInt, Key(ge=1)]
HeaderRows = Annotated[tuple[RowNumber, ...], Key(min_length=1, max_length=6)]
DELIMITER = r"^[\t -/:-@\[-`{-~]$"  # one ASCII character that is no letter and no digit


class FolderSource(Strict):
    """Files that a department drops into its intake folder."""

    files: Text = "*"


class SqlSource(Strict):
    """Rows that are read from a database on a schedule."""

    connection: Text
    query: Text
    watermark: Text | None = None
    schedule: Text


class Source(Strict):
    """Where the rows come from; exactly one way."""

    folder: FolderSource | None = None
    sql: SqlSource | None = None

    @model_validator(mode="after")
    def _is_one_way(self) -> Self:
        if (self.folder is None) == (self.sql is None):
            raise ValueError("name exactly one of folder and sql")
        return self


class Layout(Strict):
    """What overrides a guess about the file; `auto` lets the file speak.

    Attributes:
        encoding: The encoding that the file is held to.
        delimiter: The character between cells.
        header: Number of the row that names the columns, or of several; `none` where no row does.
        sheet: Name or number of the sheet.
        member: Name or number of the file in a ZIP archive.
    """

    encoding: Literal["auto", "utf-8", "utf-16", "cp949"] = "auto"
    delimiter: Literal["auto"] | Annotated[str, StringConstraints(pattern=DELIMITER)] = "auto"
    header: Literal["auto", "none"] | RowNumber | HeaderRows = "auto"
    sheet: RowNumber | Text = "auto"
    member: RowNumber | Text = "auto"


class Append(Strict):
    """A dataset that grows by partitions."""

    partition: Literal["day", "month", "year"]
    by: FieldName


class AppendUpdate(Strict):
    """Each file adds to what is there."""

    append: Append


class ReferenceDate(Strict):
    """The day that the data speak for: the latest value of a field, or from the file's name."""

    field: FieldName | None = None
    file_name: Text | None = None

    @model_validator(mode="after")
    def _is_one_way(self) -> Self:
        if (self.field is None) == (self.file_name is None):
            raise ValueError("name exactly one of field and file_name")
        return self
