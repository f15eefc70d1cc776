r"""Units of measure behind a number: which are the same, and how they convert."""

import re
from fractions import Fraction
from typing import NamedTuple

_LENGTHS = {
    "mm millimeter millimetre": "1/1000", "cm centimeter centimetre": "1/100",
    "dm decimeter decimetre": "1/10", "m meter metre": "1", "km kilometer kilometre": "1000",
    "in inch inche": "0.0254", "ft foot feet": "0.3048", "yd yard": "0.9144",
    "mi mile": "1609.344", "nm nanometer": "1/1000000000", "μm micrometer micron": "1/1000000",
    "\u00c5 \u212b angstrom": "1/10000000000", "pm": "1/1000000000000", "ly": "9460730472580800",
    "pc parsec": "30856775814913673", "kpc": "30856775814913673000",
    "Mpc": "30856775814913673000000", "AU": "149597870700",
}  # fmt: skip
_TIMES = {
    "ms millisecond": "1/1000", "s sec second": "1", "min minute": "60", "h hr hour": "3600",
    "day": "86400", "week": "604800",
}  # fmt: skip
_MASSES = {
    "mg milligram": "1/1000", "g gram": "1", "kg kilogram": "1000", "t ton tonne": "1000000",
    "lb pound": "453.59237", "oz ounce": "28.349523125",
}  # fmt: skip
_VOLUMES = {
    "ml mL milliliter millilitre cc": "1/1000000", "l L liter litre": "1/1000",
    "gal gallon": "0.003785411784", "quart": "0.000946352946", "pint": "0.000473176473",
}  # fmt: skip
_OTHERS = {
    "dollar": {"dollar USD buck": "1", "cent ¢": "1/100"},
    "month": {"month": "1", "year yr": "12"},
    "degree": {"degree deg": "1"}, "radian": {"radian rad": "1"},
    "sterling": {"gbp GBP": "1"},
    "euro": {"euro EUR": "1"},
    "yuan": {"yuan RMB 元": "1"}, "rupee": {"rupee Rs": "1"},
    "newton": {"N newton": "1", "kN": "1000", "mN": "1/1000", "dyn dyne": "1/100000"},
    "joule": {"J joule": "1", "kJ": "1000", "MJ": "1000000", "mJ": "1/1000", "erg": "1/10000000"},
    "watt": {"W watt": "1", "kW": "1000", "MW": "1000000", "mW": "1/1000"},
    "volt": {"V volt": "1", "kV": "1000", "mV": "1/1000"}, "kelvin": {"K kelvin": "1"},
    "henry": {"H henry": "1"}, "molar": {"M molar": "1"}, "gauss": {"G gauss": "1"},
    "solar mass": {"Msun": "1"}, "solar radius": {"Rsun": "1"}, "solar luminosity": {"Lsun": "1"},
    "arcsecond": {"arcsec arcsecond": "1", "arcmin arcminute": "60"}, "torr": {"Torr torr": "1"},
    "pascal": {"Pa pascal": "1", "kPa": "1000"}, "hertz": {"Hz hertz": "1", "kHz": "1000"},
    "celsius": {"celsius": "1"}, "fahrenheit": {"fahrenheit": "1"}, "mole": {"mol mole": "1"},
    "electronvolt": {"eV": "1", "keV": "1000", "MeV": "1000000"},
    "ampere": {"A ampere amp": "1", "mA": "1/1000"},
    "ohm": {"ohm Ω": "1", "kΩ": "1000"}, "acre": {"acre": "1"}, "hectare": {"hectare ha": "1"},
    "tesla": {"T tesla": "1"}, "coulomb": {"C coulomb": "1"}, "farad": {"F farad": "1"},
}  # fmt: skip
_SPEEDS = {"mph": ("1609.344", 3600), "kmph kmh kph": ("1000", 3600)}

Dimension = tuple[tuple[str, int], ...]


class Unit(NamedTuple):
    """A unit.

    Attributes:
        dimension: names of base units with their exponents, sorted; empty: plain units.
        factor: how many base units it is.
    """

    dimension: Dimension
    factor: Fraction


def _table() -> dict[str, Unit]:
    table = {}
    kinds = {"meter": _LENGTHS, "second": _TIMES, "gram": _MASSES} | _OTHERS
    for base, units in kinds.items():
        for names, factor in units.items():
            for name in names.split():
                table[name] = Unit(((base, 1),), Fraction(factor))
    for names, factor in _VOLUMES.items():
        for name in names.split():
            table[name] = Unit((("meter", 3),), Fraction(factor))
    for names, (length, time) in _SPEEDS.items():
        for name in names.split():
            table[name] = Unit((("meter", 1), ("second", -1)), Fraction(length) / time)
    return table | {"unit": Unit((), Fraction(1))}


_UNITS = _table()
_POWERS = {"square": 2, "sq": 2, "cubic": 3, "cu": 3, "squared": 2, "cubed": 3}
_TOKEN = re.compile(r"[^\W\d_]+|¢|[/·*]|\^\s?\{?\s?(-?\d)\s?\}?|[23](?![\d.])")
_LONGEST = 60
_CHINESE = {
    "元": "yuan", "厘米": "cm", "千米": "km", "公里": "km", "分米": "dm", "毫米": "mm", "米": "m",
    "平方": "square ", "立方": "cubic ", "千克": "kg", "公斤": "kg", "克": "g", "小时": "hour",
    "分钟": "minute", "秒": "second", "天": "day", "度": "degree", "升": "liter", "吨": "ton",
    "年": "year", "月": "month", "周": "week", "美元": "dollar", "岁": "year", "角": "cent",
}  # fmt: skip


def _lookup(word: str) -> Unit | None:
    for name in (word, word.lower()):
        if name in _UNITS:
            return _UNITS[name]
        if len(name) > 2 and name.endswith("s") and name[:-1] in _UNITS:
            return _UNITS[name[:-1]]
    return None


def read_unit(text: str) -> Unit | None:
    r"""The unit that a text names, or None.

    Example:
        >>> read_unit("square centimeters") == read_unit("cm^2"), read_unit("apples")
        (True, None)
    """
    if len(text) > _LONGEST:
        return None
    for word, meaning in _CHINESE.items():
        if word in text:
            text = text.replace(word, f" {meaning}")
    text = re.sub(r"\\text|[{}]", " ", text)
    text = re.sub(r"\^?\s*\\circ\s*([CF](?![a-z]))?", _degrees, text)
    tokens = list(_TOKEN.finditer(text.replace(".", "")))
    if _TOKEN.sub("", text.replace(".", "")).strip(" ()"):
        return None
    return _product(tokens)


def _degrees(match: re.Match[str]) -> str:
    return {"C": " celsius ", "F": " fahrenheit "}.get(match[1] or "", " degree ")


def _product(tokens: list[re.Match[str]]) -> Unit | None:
    exponents: dict[str, int] = {}
    factor, sign, power, last = Fraction(1), 1, 1, None
    for token in tokens:
        word = token[0]
        if word in ("/", "per"):
            sign = -1
        elif word in ("·", "*", "of", "the"):
            continue
        elif word.lower() in ("square", "sq", "cubic", "cu"):
            power = _POWERS[word.lower()]
        elif word[0] in "^23" or word.lower() in ("squared", "cubed"):
            if last is None:
                return None
            more = (int(token[1]) if token[1] else _POWERS.get(word.lower()) or int(word)) - 1
            factor *= last.factor ** (sign * more)
            for name, count in last.dimension:
                exponents[name] = exponents.get(name, 0) + sign * more * count
        else:
            last = _lookup(word)
            if last is None:
                return None
            factor *= last.factor ** (sign * power)
            for name, count in last.dimension:
                exponents[name] = exponents.get(name, 0) + sign * power * count
            power = 1
    if last is None:
        return None
    return Unit(tuple(sorted((n, c) for n, c in exponents.items() if c)), factor)
