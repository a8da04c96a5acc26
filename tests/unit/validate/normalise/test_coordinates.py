from __future__ import annotations

from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from pyproj import Transformer

from etl.validate.casting import cast_rows, readable
from etl.validate.faults import find_reasons
from etl.validate.normalise.coordinates import project
from tests.unit.validate.tables import contract_of, landed

SIDES = [
    {"name": "x", "type": "number", "decimals": 7},
    {"name": "y", "type": "number", "decimals": 7},
]


def paired(epsg: int = 4326):
    return contract_of(*SIDES, coordinates=[{"longitude": "x", "latitude": "y", "epsg": epsg}])


def place(x: str, y: str, epsg: int):
    return pl.select(project(pl.lit(x), pl.lit(y), epsg)).item()


def metres_apart(found, longitude, latitude):
    east = (found["longitude"] - longitude) * 88_800
    north = (found["latitude"] - latitude) * 111_000
    return (east**2 + north**2) ** 0.5


# The Korean datum point in Suwon in the world geodetic system: 127°03'14.8913"E 37°16'33.3659"N.
WORLD = (127 + 3 / 60 + 14.8913 / 3600, 37 + 16 / 60 + 33.3659 / 3600)


@pytest.mark.parametrize("grid", [5179, 5181, 5186])
def test_the_datum_point_of_korea_is_found_on_every_modern_grid(grid):
    x, y = Transformer.from_crs(4737, grid, always_xy=True).transform(*WORLD)

    found = place(f"{x:.6f}", f"{y:.6f}", grid)

    assert metres_apart(found, *WORLD) < 0.01


def shifted_from_bessel(longitude, latitude):
    """Shift a place from Korean 1985 to WGS84 by the parameters that the law published.

    Molodensky-Badekas, as 국토지리정보원 gave it: metres, seconds of arc, parts per million.
    """
    shift, pivot = np.array([-145.907, 505.034, 685.756]), np.array(
        [-3159521.31, 4068151.32, 3748113.85]
    )  # fmt: skip
    x, y, z = np.radians(np.array([-1.162, 2.347, 1.592]) / 3600)
    turn = np.array([[1, z, -y], [-z, 1, x], [y, -x, 1]])
    on_bessel = from_degrees(longitude, latitude, 6377397.155, 1 / 299.1528128)
    moved = (1 + 6.342e-6) * turn @ (on_bessel - pivot) + pivot + shift
    return to_degrees(moved, 6378137.0, 1 / 298.257223563)


def from_degrees(longitude, latitude, axis, flattening):
    east, north = np.radians([longitude, latitude])
    squared = flattening * (2 - flattening)
    radius = axis / np.sqrt(1 - squared * np.sin(north) ** 2)
    across = radius * np.cos(north)
    up = radius * (1 - squared) * np.sin(north)
    return np.array([across * np.cos(east), across * np.sin(east), up])


def to_degrees(point, axis, flattening):
    squared, across = flattening * (2 - flattening), np.hypot(point[0], point[1])
    north = np.arctan2(point[2], across * (1 - squared))
    for _ in range(10):
        radius = axis / np.sqrt(1 - squared * np.sin(north) ** 2)
        north = np.arctan2(point[2] + squared * radius * np.sin(north), across)
    return np.degrees([np.arctan2(point[1], point[0]), north])


def test_the_old_grid_is_shifted_from_bessel_by_the_published_parameters():
    """The grid's origin is 38°N 127°00'10.405"E on Bessel's ellipsoid, by definition."""
    expected = shifted_from_bessel(127 + 10.405 / 3600, 38)

    assert metres_apart(place("200000", "500000", 5174), *expected) < 0.01
    assert metres_apart(place("200000", "500000", 5181), *expected) > 250


def test_a_permit_of_the_old_grid_lies_where_a_park_of_the_same_lot_does():
    """논현동 1 of Seoul, in a register on the old grid and in a list of parks in degrees."""
    permit = ("201715.095225261", "445959.466321945")
    park = (127.0206546, 37.51619355)

    assert metres_apart(place(*permit, 5174), *park) < 60
    assert metres_apart(place(*permit, 5181), *park) > 250


@pytest.mark.parametrize(
    ("x", "y"),
    [
        pytest.param("198811.965", "", id="half a pair"),
        pytest.param("126.9873", "37.5706", id="degrees"),
        pytest.param("여기", "452040.8", id="a word"),
        pytest.param("0", "0", id="zeros for nothing"),
        pytest.param("1", "452040.8", id="one for nothing"),
        pytest.param("9999999", "452040.8", id="far away"),
    ],
)
def test_what_is_no_place_on_the_grid_is_refused(x, y):
    assert place(x, y, 5174) is None


def test_a_pair_of_a_grid_is_published_in_degrees_with_the_decimals_of_its_fields():
    rows = landed(
        x=["198811.965898086", "", "200,000", "126.98"], y=["452040.822179636    ", "", "", "37.5"]
    )

    typed = cast_rows(rows, paired(5174)).collect()

    assert typed["x"].to_list() == [Decimal("126.9873398"), None, None, None]
    assert typed["y"].to_list() == [Decimal("37.5706547"), None, None, None]
    assert typed[readable("x")].to_list() == [True, None, False, False]
    assert typed[readable("y")].to_list() == [True, None, None, False]


def test_degrees_stay_to_the_last_decimal_and_outside_of_korea_are_refused():
    rows = landed(
        x=["126.9780000", "37.5665", "-122.4194", "127.1", ""],
        y=["37.5665", "126.978", "37.7749", "", "37.1"],
    )

    typed = cast_rows(rows, paired()).collect()

    assert typed["x"].to_list() == [Decimal("126.978"), None, None, Decimal("127.1"), None]
    assert typed["y"].to_list() == [Decimal("37.5665"), None, None, None, Decimal("37.1")]
    assert typed[readable("x")].to_list() == [True, False, False, True, None]


@pytest.mark.parametrize(
    ("epsg", "side", "text", "reason"),
    [
        pytest.param(4326, "x", "37.5665", "swapped", id="a latitude among longitudes"),
        pytest.param(4326, "y", "126.978", "swapped", id="a longitude among latitudes"),
        pytest.param(4326, "x", "-122.4", "outside_korea", id="San Francisco"),
        pytest.param(4326, "x", "127.12345678", "decimals", id="too many decimals"),
        pytest.param(5174, "x", "126.98", "not_on_grid", id="degrees on a grid"),
        pytest.param(5174, "x", "200000", "outside_korea", id="half a pair"),
        pytest.param(5174, "x", "여기", None, id="a word"),
    ],
)
def test_a_refused_coordinate_has_its_reason(epsg, side, text, reason):
    contract = paired(epsg)
    field = contract.fields["xy".index(side)]

    assert find_reasons(pl.Series([text]), field, contract.pair_of(side)).item() == reason


@given(
    st.decimals(125, 131, places=7),
    st.decimals(34, 38, places=7),
    st.sampled_from([5174, 5179, 5181, 5186]),
)
def test_a_place_comes_back_from_its_grid_to_the_centimetre(longitude, latitude, grid):
    way = Transformer.from_crs(4326, grid, always_xy=True)
    x, y = way.transform(float(longitude), float(latitude))

    found = place(f"{x:.6f}", f"{y:.6f}", grid)

    assert metres_apart(found, float(longitude), float(latitude)) < 0.02


@pytest.mark.parametrize(
    ("pairs", "complaint"),
    [
        pytest.param([{"longitude": "x", "latitude": "z"}], "z is not among", id="unknown"),
        pytest.param([{"longitude": "x", "latitude": "x"}], "one side", id="one field twice"),
        pytest.param(
            [{"longitude": "x", "latitude": "y"}, {"longitude": "y", "latitude": "x"}],
            "one side",
            id="two pairs",
        ),
        pytest.param(
            [{"longitude": "x", "latitude": "y", "epsg": 3857}], "Input should be", id="a grid"
        ),
    ],
)
def test_pairs_that_do_not_fit_are_refused(pairs, complaint):
    with pytest.raises(ValidationError, match=complaint):
        contract_of(*SIDES, coordinates=pairs)


def test_coordinates_are_numbers():
    with pytest.raises(ValidationError, match="y is no number"):
        contract_of(SIDES[0], {"name": "y"}, coordinates=[{"longitude": "x", "latitude": "y"}])
