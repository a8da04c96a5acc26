"""Pairs of coordinates, brought to degrees of WGS84 inside Korea.

Degrees are taken as they stand, to the last decimal. Coordinates of a plane grid are converted
by PROJ where the contract declares the grid, both of a pair together, and rounded to the
field's decimals: seven are a centimetre. KGD2002 (5179, 5181, 5186) is WGS84 but for less than
a metre. Korean 1985 (5174) stands on Bessel's ellipsoid: the same numbers lie 300 m from
there, and the shift to WGS84 (EPSG's "Korean 1985 to WGS 84 (1)") is good to a metre.

A pair outside of Korea is refused, also where it would fit with its sides exchanged: which of
the two columns is wrong is the department's to say. A grid's pair without its other half is
refused too.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from etl.contract.vocabulary import Grid
from etl.validate.normalise.numbers import MOST_DIGITS

if TYPE_CHECKING:
    from pyproj import Transformer

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

WGS84: Grid = 4326
LATITUDES, LONGITUDES = (33.0, 39.0), (124.0, 132.0)  # of Korea with its islands
_NUMBER = r"^[+-]?[0-9]+(?:\.[0-9]+)?$"
DEGREES = 200.0  # what is smaller is no coordinate of a grid
_PLACE = pl.Struct({"longitude": pl.Float64, "latitude": pl.Float64})


def keep_inside(value: pl.Expr, longitude: pl.Expr, latitude: pl.Expr) -> pl.Expr:
    """Keep a coordinate in degrees where its pair is inside Korea, or its half is missing.

    Args:
        value: One of the two.
        longitude: In degrees, null where there is none.
        latitude: Likewise.
    """
    is_outside = ~longitude.is_between(*LONGITUDES) | ~latitude.is_between(*LATITUDES)
    return pl.when(~is_outside.fill_null(value=False)).then(value)


def project(easting: pl.Expr, northing: pl.Expr, grid: Grid) -> pl.Expr:
    """Convert coordinates of a grid to degrees of WGS84.

    Args:
        easting: Text of the coordinate to the east, without outer blanks.
        northing: Text of the coordinate to the north.
        grid: EPSG's number of the grid.

    Returns:
        A struct of `longitude` and `latitude`; null where the pair is incomplete, is no pair
        of numbers, is in degrees already, or lies outside of Korea.

    Examples:
        >>> pair = pl.DataFrame({"x": ["953901"], "y": ["1952032"]})
        >>> place = pair.select(project(pl.col("x"), pl.col("y"), 5179)).to_series()[0]
        >>> round(place["longitude"], 4), round(place["latitude"], 4)
        (126.978, 37.5665)
    """

    def convert(pairs: pl.Series) -> pl.Series:
        known = pairs.struct.unnest().select(_as_numbers("easting"), _as_numbers("northing"))
        longitude, latitude = _to_degrees(known["easting"], known["northing"], grid)
        places = pl.DataFrame({"longitude": longitude, "latitude": latitude})
        is_inside = pl.col("longitude").is_between(*LONGITUDES) & pl.col("latitude").is_between(
            *LATITUDES
        )
        return places.select(pl.when(is_inside).then(pl.struct(pl.all()))).to_series()

    pairs = pl.struct(easting=easting, northing=northing)
    return pairs.map_batches(convert, return_dtype=_PLACE, is_elementwise=True)


def round_to(degrees: pl.Expr, decimals: int) -> pl.Expr:
    """Round degrees to the decimals of their field."""
    return degrees.round(decimals).cast(pl.Decimal(MOST_DIGITS, decimals), strict=False)


def _as_numbers(name: str) -> pl.Expr:
    """Read grid coordinates; NaN where there is none, or degrees stand instead."""
    number = pl.col(name).cast(pl.Float64, strict=False)
    is_on_grid = pl.col(name).str.contains(_NUMBER) & (number.abs() > DEGREES)
    return pl.when(is_on_grid).then(number).otherwise(float("nan")).fill_null(float("nan"))


def _to_degrees(easting: pl.Series, northing: pl.Series, grid: Grid) -> tuple[Array, Array]:
    """Let PROJ convert; in a thread of Python's own.

    PROJ keeps what it knows by thread, and it ends with a segmentation fault in the threads
    that Polars runs batches in (pyproj 3.7.2).
    """
    process = os.getpid()
    work = _thread(process).submit(_convert, easting.to_numpy(), northing.to_numpy(), grid, process)
    return work.result()


@cache
def _thread(_process: int) -> ThreadPoolExecutor:
    """Return the thread that enters PROJ; a forked process needs one of its own."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="proj")


def _convert(easting: Array, northing: Array, grid: Grid, process: int) -> tuple[Array, Array]:
    longitude, latitude = _transformer(grid, process).transform(easting, northing)
    return longitude, latitude


@cache
def _transformer(grid: Grid, _process: int) -> Transformer:
    """Return PROJ's way to WGS84; importing PROJ costs a fifth of a second, so it waits."""
    from pyproj import Transformer

    return Transformer.from_crs(grid, WGS84, always_xy=True)
