"""Places on the earth, and how far apart they are."""

from math import asin, cos, radians, sin, sqrt
from typing import Final

EARTH_RADIUS_M: Final = 6_371_008.8
"""The earth's mean radius in metres (IUGG)."""


def coordinates(place: str) -> tuple[float, float] | None:
    """Latitude and longitude in degrees from `latitude,longitude`, or None if that is no place on earth.

    >>> coordinates("31.2304, 121.4737"), coordinates("91,0"), coordinates("nan,0"), coordinates("here")
    ((31.2304, 121.4737), None, None, None)
    """
    try:
        latitude, longitude = (float(degrees) for degrees in place.split(","))
    except ValueError:
        return None
    return (latitude, longitude) if -90 <= latitude <= 90 and -180 <= longitude <= 180 else None


def distance_m(one: tuple[float, float], other: tuple[float, float]) -> int:
    """The great-circle distance in whole metres (haversine formula).

    >>> distance_m((31.0, 121.0), (31.001, 121.0))
    111
    """
    (lat1, lon1), (lat2, lon2) = ((radians(a), radians(b)) for a, b in (one, other))
    chord = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return round(2 * EARTH_RADIUS_M * asin(sqrt(chord)))
