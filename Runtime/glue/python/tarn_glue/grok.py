"""Grok: patterns by name that make regular expressions of log lines, as Glue's `grokLog` format and classifiers take them.

`%{IP:client}` is the pattern IP as the field `client`; `%{INT:size:int}` gives it a type; `%{WORD}` matches alone.
"""

import re

from awsglue import gluetypes as G

# How deep patterns may name each other: one that names itself ends here.
DEPTH_MAX = 50
_IPV4_PART = r"(?:25[0-5]|2[0-4]\d|1?\d{1,2})"
_HEX = "[0-9A-Fa-f]"

# The patterns that AWS lists as built in ("Writing grok custom classifiers").
PATTERNS = {
    "USERNAME": r"[a-zA-Z0-9._-]+",
    "USER": r"%{USERNAME}",
    "INT": r"[+-]?\d+",
    "BASE10NUM": r"(?<![0-9.+-])[+-]?(?:\d+(?:\.\d+)?|\.\d+)",
    "NUMBER": r"%{BASE10NUM}",
    "BASE16NUM": rf"(?<![0-9A-Fa-f])[+-]?(?:0x)?{_HEX}+",
    "BASE16FLOAT": rf"\b(?<![0-9A-Fa-f.])[+-]?(?:0x)?(?:{_HEX}+(?:\.{_HEX}*)?|\.{_HEX}+)\b",
    "BOOLEAN": r"(?i:true|false)",
    "POSINT": r"\b[1-9]\d*\b",
    "NONNEGINT": r"\b\d+\b",
    "WORD": r"\b\w+\b",
    "NOTSPACE": r"\S+",
    "SPACE": r"\s*",
    "DATA": r".*?",
    "GREEDYDATA": r".*",
    "QUOTEDSTRING": r"""(?:"(?:\\.|[^\\"])*"|'(?:\\.|[^\\'])*'|`(?:\\.|[^\\`])*`)""",
    "QS": r"%{QUOTEDSTRING}",
    "UUID": rf"{_HEX}{{8}}-(?:{_HEX}{{4}}-){{3}}{_HEX}{{12}}",
    "MAC": r"(?:%{CISCOMAC}|%{WINDOWSMAC}|%{COMMONMAC})",
    "CISCOMAC": rf"(?:{_HEX}{{4}}\.){{2}}{_HEX}{{4}}",
    "WINDOWSMAC": rf"(?:{_HEX}{{2}}-){{5}}{_HEX}{{2}}",
    "COMMONMAC": rf"(?:{_HEX}{{2}}:){{5}}{_HEX}{{2}}",
    "IPV6": rf"(?:(?:{_HEX}{{1,4}}:){{7}}{_HEX}{{1,4}}|(?:{_HEX}{{0,4}}:){{1,7}}(?::?{_HEX}{{1,4}}|:)(?:%\w+)?)",
    "IPV4": rf"(?<!\d)(?:{_IPV4_PART}\.){{3}}{_IPV4_PART}(?!\d)",
    "IP": r"(?:%{IPV6}|%{IPV4})",
    "HOSTNAME": r"\b[0-9A-Za-z_][0-9A-Za-z_-]{0,62}(?:\.[0-9A-Za-z_][0-9A-Za-z_-]{0,62})*\.?",
    "HOST": r"%{HOSTNAME}",
    "IPORHOST": r"(?:%{IP}|%{HOSTNAME})",
    "HOSTPORT": r"(?:%{IPORHOST}:%{POSINT})",
    "PATH": r"(?:%{UNIXPATH}|%{WINPATH})",
    "UNIXPATH": r"(?:/[\w_%!$@:.,~-]*)+",
    "TTY": r"/dev/(?:pts|tty(?:[pq])?)(?:\w+)?/?(?:[0-9]+)",
    "WINPATH": r"(?:[A-Za-z]+:|\\)(?:\\[^\\?*]*)+",
    "URIPROTO": r"[A-Za-z]+(?:\+[A-Za-z+]+)?",
    "URIHOST": r"%{IPORHOST}(?::%{POSINT})?",
    "URIPATH": r"(?:/[A-Za-z0-9$.+!*'(){},~:;=@#%_\-]*)+",
    "URIPARAM": r"\?[A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?\-\[\]]*",
    "URIPATHPARAM": r"%{URIPATH}(?:%{URIPARAM})?",
    "URI": r"%{URIPROTO}://(?:%{USER}(?::[^@]*)?@)?(?:%{URIHOST})?(?:%{URIPATHPARAM})?",
    "MONTH": r"\b(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:tember)?"
    r"|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b",
    "MONTHNUM": r"(?:0?[1-9]|1[0-2])",
    "MONTHNUM2": r"(?:0[1-9]|1[0-2])",
    "MONTHDAY": r"(?:0[1-9]|[12]\d|3[01]|[1-9])",
    "DAY": r"\b(?:Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?)\b",
    "YEAR": r"(?:\d\d){1,2}",
    "HOUR": r"(?:2[0123]|[01]?\d)",
    "MINUTE": r"[0-5]\d",
    "SECOND": r"(?:[0-5]?\d|60)(?:[:.,]\d+)?",
    "TIME": r"(?<!\d)%{HOUR}:%{MINUTE}(?::%{SECOND})(?!\d)",
    "DATE_US": r"%{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR}",
    "DATE_EU": r"%{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR}",
    "DATESTAMP_US": r"%{DATE_US}[- ]%{TIME}",
    "DATESTAMP_EU": r"%{DATE_EU}[- ]%{TIME}",
    "ISO8601_TIMEZONE": r"(?:Z|[+-]%{HOUR}(?::?%{MINUTE}))",
    "ISO8601_SECOND": r"(?:%{SECOND}|60)",
    "TIMESTAMP_ISO8601": r"%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?%{ISO8601_TIMEZONE}?",
    "DATE": r"(?:%{DATE_US}|%{DATE_EU})",
    "DATESTAMP": r"%{DATE}[- ]%{TIME}",
    "TZ": r"(?:[PMCE][SD]T|UTC)",
    "DATESTAMP_RFC822": r"%{DAY} %{MONTH} %{MONTHDAY} %{YEAR} %{TIME} %{TZ}",
    "DATESTAMP_RFC2822": r"%{DAY}, %{MONTHDAY} %{MONTH} %{YEAR} %{TIME} %{ISO8601_TIMEZONE}",
    "DATESTAMP_OTHER": r"%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{TZ} %{YEAR}",
    "DATESTAMP_EVENTLOG": r"%{YEAR}%{MONTHNUM2}%{MONTHDAY}%{HOUR}%{MINUTE}%{SECOND}",
    "HTTPDATE": r"%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}",
    "CISCOTIMESTAMP": r"%{MONTH} +%{MONTHDAY}(?: %{YEAR})? %{TIME}",
    "SYSLOGTIMESTAMP": r"%{MONTH} +%{MONTHDAY} %{TIME}",
    "PROG": r"[\w._/%-]+",
    "SYSLOGPROG": r"%{PROG:program}(?:\[%{POSINT:pid}\])?",
    "SYSLOGHOST": r"%{IPORHOST}",
    "SYSLOGFACILITY": r"<%{NONNEGINT:facility}.%{NONNEGINT:priority}>",
    "SYSLOGBASE": r"%{SYSLOGTIMESTAMP:timestamp} (?:%{SYSLOGFACILITY} )?%{SYSLOGHOST:logsource} %{SYSLOGPROG}:",
    "COMMONAPACHELOG": r"%{IPORHOST:clientip} %{USER:ident} %{USER:auth} \[%{HTTPDATE:timestamp}\] "
    r'"(?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion})?|%{DATA:rawrequest})" '
    r"%{NUMBER:response} (?:%{NUMBER:bytes}|-)",
    "COMBINEDAPACHELOG": r"%{COMMONAPACHELOG} %{QS:referrer} %{QS:agent}",
    "LOGLEVEL": r"(?:[Aa]lert|ALERT|[Tt]race|TRACE|[Dd]ebug|DEBUG|[Nn]otice|NOTICE|[Ii]nfo(?:rmation)?|INFO"
    r"|[Ww]arn(?:ing)?|WARN(?:ING)?|[Ee]rr(?:or)?|ERR(?:OR)?|[Cc]rit(?:ical)?|CRIT(?:ICAL)?|[Ff]atal|FATAL|[Ss]evere"
    r"|SEVERE|[Ee]merg(?:ency)?|EMERG(?:ENCY)?)",
}



def _whole(bits):
    """Reads whole numbers of so many bits."""

    def value(text):
        number = int(text)
        if not -(1 << bits - 1) <= number < 1 << bits - 1:
            raise ValueError(f"{text} has more than {bits} bits")
        return number

    return value


TYPES = {
    "byte": (G.ByteType(), _whole(8)),
    "short": (G.ShortType(), _whole(16)),
    "int": (G.IntegerType(), _whole(32)),
    "integer": (G.IntegerType(), _whole(32)),
    "long": (G.LongType(), _whole(64)),
    "float": (G.FloatType(), float),
    "double": (G.DoubleType(), float),
    "boolean": (G.BooleanType(), lambda text: text.lower() == "true"),
    "string": (G.StringType(), str),
}
_NAMED = re.compile(r"%\{(?P<pattern>\w+)(?::(?P<field>[^:}]+))?(?::(?P<type>\w+))?\}")


class Grok:
    """A compiled format: its fields, and the values that a line has for them."""

    def __init__(self, form, custom=None, missing="-"):
        """`custom` is text with a pattern on each line: its name, a blank, the pattern. Raises `ValueError`."""
        self._patterns = dict(PATTERNS)
        for line in (custom or "").splitlines():
            name, _, pattern = line.strip().partition(" ")
            if name and not name.startswith("#"):
                self._patterns[name] = pattern.strip()
        self._missing = missing
        self._groups = []  # (group's name, field, how its text is read)
        self.schema = G.StructType()
        try:
            self._expression = re.compile(self._expanded(form, 0))
        except re.error as error:
            raise ValueError(f"The grok pattern {form!r} is no regular expression: {error}") from None
        if not self._groups:
            raise ValueError(f"The grok pattern {form!r} names no field.")

    def _expanded(self, form, depth):
        if depth > DEPTH_MAX:
            raise ValueError(f"The grok pattern {form!r} names itself.")

        def expression(match):
            name, field, kind = match["pattern"], match["field"], match["type"] or "string"
            if name not in self._patterns:
                raise ValueError(f"There is no grok pattern {name}.")
            if kind not in TYPES:
                raise ValueError(f"{kind!r} is no type of a grok field: {', '.join(TYPES)}")
            if not field:
                return f"(?:{self._expanded(self._patterns[name], depth + 1)})"
            group = f"g{len(self._groups)}"
            self._groups.append((group, field, TYPES[kind][1]))
            if field not in self.schema.field_map:
                self.schema.add(G.Field(field, TYPES[kind][0]))
            return f"(?P<{group}>{self._expanded(self._patterns[name], depth + 1)})"

        return _NAMED.sub(expression, form)

    def read(self, line):
        """The line's fields, absent and missing ones as None; None for a line that does not match.

        Raises `ValueError` for a value that is not of its field's type.
        """
        match = self._expression.search(line)
        if match is None:
            return None
        found = dict.fromkeys(self.schema.field_map)
        for group, field, value in self._groups:
            text = match[group]
            if text is not None and text != self._missing:
                found[field] = value(text)
        return found
