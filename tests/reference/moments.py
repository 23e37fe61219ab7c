"""Times in Unix nanoseconds, as text, and the moments that data sets lie around."""

import datetime
import zoneinfo

SECOND = 10**9
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86400 * SECOND


def iso(ns, offset_minutes=0):
    seconds, nanos = divmod(ns + offset_minutes * MINUTE, SECOND)
    text = datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S")
    zone = f"{'-' if offset_minutes < 0 else '+'}{abs(offset_minutes) // 60:02}:00"
    return f"{text}.{nanos:09}{zone if offset_minutes else 'Z'}"


def clock_changes(zone, since, until):
    """Moments in nanoseconds at which the zone's offset changes, newest first."""
    info = zoneinfo.ZoneInfo(zone)

    def offset(hour):
        return datetime.datetime.fromtimestamp(hour * 3600, info).utcoffset()

    hours = range(until // HOUR, since // HOUR, -1)
    days = [hour for hour in hours if hour % 24 == 0]
    found = []
    for day in days:
        if offset(day) != offset(day - 24):
            found += [h * HOUR for h in range(day, day - 24, -1) if offset(h) != offset(h - 1)]
    return found


def local_midnight(ns, zone):
    info = zoneinfo.ZoneInfo(zone)
    day = datetime.datetime.fromtimestamp(ns // SECOND, info).date()
    return int(datetime.datetime(day.year, day.month, day.day, tzinfo=info).timestamp()) * SECOND


_ANCHORS = {}


def anchors(now):
    """(moment, zone): around which sets lie. Few, so that the store has few days to look at."""
    today = now // DAY * DAY
    if today not in _ANCHORS:
        found = [(today - DAY, "Asia/Kolkata"), (today - 9 * DAY, "UTC")]
        for zone in ("Europe/Berlin", "America/New_York"):
            found += [(t, zone) for t in clock_changes(zone, today - 300 * DAY, today - 3 * DAY)]
        first = datetime.datetime.fromtimestamp(today // SECOND, datetime.UTC).replace(day=1)
        found.append((local_midnight(int(first.timestamp()) * SECOND - 3 * DAY, "UTC"), "UTC"))
        _ANCHORS[today] = found
    return _ANCHORS[today]
