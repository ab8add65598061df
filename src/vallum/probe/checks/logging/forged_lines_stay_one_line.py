"""Line breaks and quotes in a request make no line of their own in the log: each is one JSON object (CWE-117)."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from vallum.findings.finding import Confidence, Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, LogLine, Shot
from vallum.probe.loglines import UNHEARD, fields_of, why_unheard, written_lines
from vallum.probe.starting import open_stage, why_no_stage
from vallum.probe.surface import UNKNOWN, Surface

CLAIM: Final = Claim(slug="forged-lines-stay-one-line", control="structured-logs")
_AGENT, _PATH = "line break in the user agent", "line break in the path"
_TIMES: Final = ("timestamp", "time", "ts", "@timestamp", "asctime", "date")
_LEVELS: Final = ("level", "levelname", "severity", "log.level")
_EVENTS: Final = ("event", "message", "msg")
_FORGED: Final = "An attacker writes lines of his own into the log, and hides what he did behind them."
_PLAIN: Final = "An attack is not found in time: lines without fields cannot be searched, counted or alarmed on."
_FIX: Final = "Write one JSON object per line, with untrusted values as fields, never as parts of the message."


def _ask(surface: Surface) -> Asking:
    if not surface.in_process:
        return
    stage = yield from open_stage(surface)
    if stage is None:
        return
    word = _word(surface)
    agent = f'x" {word}\r\n{word} INFO forged "line'
    yield Shot(method="GET", target="/", route="/", headers=(("User-Agent", agent),), trial=stage, label=_AGENT)
    path = f"/{word}%22%0d%0a{word}%20INFO%20forged%20%22line"
    yield Shot(method="GET", target=path, route=UNKNOWN, trial=stage, label=_PATH)


def _word(surface: Surface) -> str:
    return f"{surface.mark}line"


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    silence = [*why_no_stage(CLAIM, exchanges)]
    silence = silence or [*why_unheard(CLAIM, surface, exchanges)]
    if silence or not surface.in_process:
        yield from silence or [CLAIM.unproven(Silence.COULD_NOT_LOOK, UNHEARD)]
        return
    told: set[str] = set()
    for exchange in exchanges:
        for line in written_lines(exchange):
            for remark in _judge_line(surface, exchange, line):
                key = getattr(remark, "reason", str(exchange.shot.label))
                if key not in told:
                    told.add(key)
                    yield remark


def _judge_line(surface: Surface, exchange: Exchange, line: LogLine) -> Iterator[Remark]:
    word, fields = _word(surface), fields_of(line)
    shown = (f"log: {line.text.strip()[:150]!r}",)
    if any(part.startswith(word) for part in line.text.splitlines()):
        reason = f"With a {exchange.shot.label}, the text after it begins a line of its own in the log ({line.source})."
        yield CLAIM.finding(exchange, Blame(message=_FORGED, reason=reason, fix=_FIX), seen=shown)
    elif fields is None:
        reason = f"The log ({line.source}) holds lines that are no JSON object."
        blame = Blame(message=_PLAIN, reason=reason, fix=_FIX, confidence=Confidence.MEDIUM)
        yield CLAIM.finding(exchange, blame, seen=shown)
    elif missing := [names[0] for names in (_TIMES, _LEVELS, _EVENTS) if not any(name in fields for name in names)]:
        reason = f"The log ({line.source}) holds JSON lines without {', '.join(missing)}."
        blame = Blame(message=_PLAIN, reason=reason, fix=_FIX, confidence=Confidence.MEDIUM)
        yield CLAIM.finding(exchange, blame, seen=shown)
    else:
        where = "the value escaped" if word in line.text else "the value left out"
        yield CLAIM.site(exchange, f"{exchange.shot.label}: one JSON object, {where}")


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("request with forged lines", "requests with forged lines"),
    sound="logged as one JSON object",
    ask=_ask,
    judge=_judge,
)
