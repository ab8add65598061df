"""The audit of an invented shop, with the real catalogue: what the tests of the formats and the pictures show."""

from datetime import UTC, datetime
from typing import Final

from vallum.catalogue.control import Control
from vallum.catalogue.registry import load_controls
from vallum.findings.finding import Confidence, Finding, Fix, Gap, Silence, Site, Step, Unproven, Way, Where
from vallum.findings.place import Act, Place
from vallum.findings.report import Counts, Report, Subject
from vallum.findings.verdict import Outcome, Verdict

MAP: Final = {
    "input": "#####-.######X",
    "output": "#####.XX",
    "data": "X#?#",
    "files": "#####",
    "authentication": "###X########",
    "sessions": "###X######",
    "tokens": "----------",
    "oauth": "####-##",
    "authorization": "###-X-?#",
    "crypto": "#####.#?#.#",
    "secrets": "##?#?##X##",
    "http": "##########",
    "errors": "#####",
    "logging": "####.",
    "supply_chain": "X##X#-###",
    "configuration": "#######.#",
}
SILENCES: Final = {
    ".": (Silence.NOTHING_EXAMINED, "no code of this kind found"),
    "?": (Silence.COULD_NOT_LOOK, "production settings not given: --settings MODULE"),
    "-": (Silence.DOES_NOT_APPLY, "nothing of this kind is imported"),
}
REASONS: Final = {
    "nosql-operator-injection": "no document database is imported",
    "internal-api-validation": "no consumer or job found",
    "tls-minimum": "no TLS in process: probe a URL",
    "abac": "no attribute policy is defined",
}
WELL: Final = {
    "allowlist-validation": "61 fields, all full-match with both bounds",
    "email-validation": "3 address fields; 5 hostile addresses refused",
    "server-side-validation": "38 handlers, all fed from schema output",
    "strict-types": "61 fields strict; 12 coercions refused",
    "mass-assignment": "17 schemas forbid extra fields; 4 requests refused",
    "safe-deserialization": "9 loaders, all JSON; pickle never imported",
    "db-least-privilege": "1 role: no DDL, no superuser; GRANT list read",
    "atomic-check-then-act": "5 updates conditional; 40 parallel redeems, 1 won",
    "session-id-random": "32 bytes from secrets; 200 ids, no repeat",
    "session-cookie-flags": "`__Host-session`: Secure, HttpOnly, Lax on 3 responses",
    "session-idle-timeout": "30 min in policy; 401 after 30 min 1 s",
    "session-rotation": "4 places rotate; 4 tries, old id answers 401",
    "session-logout": "2 workers: old cookie answers 401 within 0.2 s",
    "session-server-side": "Postgres store; cookie carries the id alone",
    "session-secret": "SESSION_SECRET, 43 characters, not in git",
    "session-metadata": "Address, agent and time on 3 sessions",
    "csrf": "26 unsafe routes; 104 forged requests refused",
}


def build_report() -> Report:
    """A report with 10 broken, 26 unproven and 101 held controls, as in the reference pictures."""
    marks = {area: iter(row) for area, row in MAP.items()}
    return Report(
        verb="audit",
        command="vallum audit src --app shop.main:app --format html --output report.html",
        version="0.4.0",
        subject=Subject(name="meadow-shop", app="shop.main:app", commit="4f2c91e", branch="main"),
        started=datetime(2026, 11, 21, 14, 5, tzinfo=UTC),
        seconds=11.8,
        counts=Counts(files=412, lines=61_300, functions=2_941, routes=96, requests=1_877, packages=63, commits=1_204),
        verdicts=tuple(
            _verdict(control, mark)
            for control in load_controls()
            if (mark := next(marks[control.area], None)) is not None  # later controls are not in the pictures
        ),
        gaps=_gaps(),
    )


def _verdict(control: Control, mark: str) -> Verdict:
    if mark == "X":
        evidence, findings = BROKEN[control.id]
        sites = _queries() if control.id == "sql-parameterised" else ()
        return Verdict(control=control, outcome=Outcome.BROKEN, evidence=evidence, findings=findings, sites=sites)
    if mark == "#":
        evidence = WELL.get(control.id, "4 places, all well")
        return Verdict(control=control, outcome=Outcome.HELD, evidence=evidence, sites=_sites(control))
    silence, usual = SILENCES[mark]
    reason = REASONS.get(control.id, usual)
    told = Unproven(control=control.id, source="the-rule", way=Way.RULE, silence=silence, reason=reason)
    evidence = f"{silence.value.capitalize()}: {reason}"
    return Verdict(control=control, outcome=Outcome.UNPROVEN, evidence=evidence, silence=silence, unproven=(told,))


def _sites(control: Control) -> tuple[Site, ...]:
    if control.id != "session-rotation":
        module = control.id.replace("-", "_")
        return tuple(
            _site(control.id, Place(path=f"shop/{control.area}/{module}.py", line=line), "well")
            for line in (12, 40, 71, 96)
        )
    return (
        _site(control.id, Place(path="shop/auth/login.py", line=40), "login: `sessions.login(user)` rotates"),
        _site(control.id, Place(path="shop/auth/passkey.py", line=71), "passkey login: `sessions.login(user)` rotates"),
        _site(control.id, Place(path="shop/auth/stepup.py", line=22), "step-up: `sessions.elevate()` rotates"),
        _site(control.id, Place(path="shop/admin/roles.py", line=35), "role change: `sessions.end_all(user)`"),
        _site(control.id, Act(method="POST", path="/login", identity="ann", status=303), "the planted id answers 401"),
        _site(
            control.id, Act(method="POST", path="/login", identity="ben", status=303), "new id; the first is untouched"
        ),
        _site(
            control.id, Act(method="POST", path="/passkey", identity="ann", status=303), "new id; the old answers 401"
        ),
        _site(control.id, Act(method="POST", path="/step-up", identity="ann", status=200), "new id, new CSRF token"),
    )


def _queries() -> tuple[Site, ...]:
    return tuple(
        _site(
            "sql-parameterised",
            Place(path="shop/catalog/queries.py", line=line, text="db.execute(sql, values)"),
            "bound",
        )
        for line in range(30, 170, 10)
    )


def _site(control: str, where: Where, note: str) -> Site:
    way = Way.RULE if isinstance(where, Place) else Way.PROBE
    return Site(control=control, source="the-source", way=way, where=where, note=note)


def _place(path: str, line: int, text: str, scope: str = "") -> Place:
    return Place(path=path, line=line, text=text, scope=scope)


SORTED: Final = 'sql = f"SELECT id, name, price FROM product WHERE category = %s ORDER BY {sort}"'
SORT: Final = Finding(
    control="sql-parameterised",
    source="sql-from-data",
    way=Way.RULE,
    where=_place("shop/catalog/queries.py", 18, "return db.execute(sql, (category,)).fetchall()", "list_products"),
    message="The sort order of the product list becomes SQL text.",
    reason=(
        "A visitor can change the query by the `sort` parameter. The other value of this query is bound; "
        "a column name cannot be, so it must come from a fixed list."
    ),
    steps=(
        Step(
            verb="enters",
            place=_place("shop/catalog/views.py", 48, 'sort = request.query_params["sort"]'),
            value='request.query_params["sort"]',
        ),
        Step(
            verb="passes",
            place=_place("shop/catalog/views.py", 52, "rows = list_products(db, category, sort)"),
            value="sort",
        ),
        Step(verb="becomes text", place=_place("shop/catalog/queries.py", 17, SORTED), value="{sort}"),
        Step(
            verb="runs as SQL",
            place=_place("shop/catalog/queries.py", 18, "return db.execute(sql, (category,)).fetchall()"),
            value="sql",
        ),
    ),
    fix=Fix(
        text="Take the column from a fixed list.",
        before=(SORTED,),
        after=(
            'order = identifier(sort, allow=("name", "price", "added"))',
            'sql = f"SELECT id, name, price FROM product WHERE category = %s ORDER BY {order}"',
        ),
        place=_place("shop/catalog/queries.py", 17, SORTED),
    ),
)
SORT_SEEN: Final = Finding(
    control="sql-parameterised",
    source="quotes-change-no-query",
    way=Way.PROBE,
    where=Act(
        method="GET",
        path="/products?category=tea&sort=name;--",
        route="/products",
        status=200,
        curl="curl 'http://testserver/products?category=tea&sort=name;--'",
    ),
    message="A comment mark in `sort` changes which products are listed.",
    reason="The database read the value as part of the query.",
    seen=("200 with 412 rows where `sort=name` gives 24; 3 tries, 3 times the same",),
)


def _seen(control: str, message: str, act: Act, *seen: str, fix: str = "") -> Finding:
    return Finding(
        control=control,
        source="the-claim",
        way=Way.PROBE,
        where=act,
        message=message,
        reason="Three tries gave the same answer.",
        fix=Fix(text=fix) if fix else None,
        seen=seen,
    )


def _found(control: str, message: str, place: Place, fix: str) -> Finding:
    return Finding(
        control=control,
        source="the-sin",
        way=Way.RULE,
        where=place,
        message=message,
        reason="Nothing between here and the reader takes it out.",
        fix=Fix(text=fix),
        confidence=Confidence.MEDIUM,
    )


BROKEN: Final[dict[str, tuple[str, tuple[Finding, ...]]]] = {
    "sql-parameterised": ("14 of 16 queries bound", (SORT, SORT_SEEN)),
    "object-ownership": (
        "GET /orders/{id}: Ann reads Ben's",
        (
            _seen(
                "object-ownership",
                "A customer can read every other customer's order by counting.",
                Act(
                    method="GET",
                    path="/orders/1002",
                    route="/orders/{id}",
                    identity="ann",
                    status=200,
                    curl="curl -H \"Cookie: $ANN\" 'http://testserver/orders/1002'",
                ),
                "200, the order of Ben",
                fix="Ask the policy for this order: `allow(actor, read, order)`.",
            ),
        ),
    ),
    "content-security-policy": (
        "unsafe-inline on 31 pages",
        (
            _seen(
                "content-security-policy",
                "A script that slips into a page runs.",
                Act(method="GET", path="/", route="/", status=200, curl="curl -i 'http://testserver/'"),
                "Content-Security-Policy: script-src 'self' 'unsafe-inline'",
                fix="Take the nonce from the guard and drop 'unsafe-inline'.",
            ),
        ),
    ),
    "git-history-scan": (
        "1 payment key in commit 9e02b7d",
        (
            _found(
                "git-history-scan",
                "Whoever can read the repository can read a payment key.",
                _place("deploy/old.env", 3, "PAYMENT_KEY=(hidden)"),
                "Revoke the key; removing the commit is not enough.",
            ),
        ),
    ),
    "dependency-audit": (
        "2 of 63 packages have known flaws",
        (
            _found(
                "dependency-audit",
                "A crafted image stops a worker.",
                _place("requirements.txt", 14, "pillow==9.0.0"),
                "Raise it to 10.3.0.",
            ),
            _found(
                "dependency-audit",
                "A crafted header is read twice.",
                _place("requirements.txt", 21, "h11==0.13.0"),
                "Raise it to 0.16.0.",
            ),
        ),
    ),
    "safe-redirect": (
        "1 of 4 redirects goes where next= says",
        (
            _found(
                "safe-redirect",
                "A link to this login can end on any other site.",
                _place("shop/auth/login.py", 58, 'return redirect(request.args["next"])', "login"),
                "Pass it through `safe_target(next)`.",
            ),
        ),
    ),
    "login-generic-errors": (
        "2 texts: unknown address, wrong password",
        (
            _seen(
                "login-generic-errors",
                "A visitor can find out who has an account.",
                Act(
                    method="POST",
                    path="/login",
                    route="/login",
                    status=401,
                    curl="curl -d @form 'http://testserver/login'",
                ),
                "401 Unknown address",
                "401 Wrong password",
                fix="Answer both with the same text.",
            ),
        ),
    ),
    "session-absolute-timeout": (
        "session alive after 24 h 1 s",
        (
            _seen(
                "session-absolute-timeout",
                "A stolen cookie is good for ever.",
                Act(method="GET", path="/account", route="/account", identity="ann", status=200, curl="curl -b $ANN"),
                "200 at 24 h 1 s",
                fix="Set `absolute_timeout` in the session policy.",
            ),
        ),
    ),
    "validation-errors-safe": (
        "1 of 9 handlers echoes the input",
        (
            _found(
                "validation-errors-safe",
                "An error page repeats what was sent, markup and all.",
                _place("shop/api/errors.py", 31, 'return {"error": str(error), "input": error.input}', "on_invalid"),
                "Answer with the field's name and the rule it breaks.",
            ),
        ),
    ),
    "lockfile-install": (
        "1 of 1 images installs without hashes",
        (
            _found(
                "lockfile-install",
                "A build takes whatever the index has today.",
                _place("Dockerfile", 14, "RUN pip install -r requirements.in"),
                "Install from the lock file with `--require-hashes`.",
            ),
        ),
    ),
}


def _gaps() -> tuple[Gap, ...]:
    return (
        Gap(
            what="production settings",
            why="not given; add `--settings shop.settings.prod`.",
            way=Way.RULE,
            controls=("db-tls", "secrets-manager", "secret-access-audit", "least-privilege-accounts"),
        ),
        Gap(
            what="TLS",
            why="probed in process, where there is none; add `--url https://...`.",
            way=Way.PROBE,
            controls=("tls-minimum",),
        ),
        Gap(
            what="`shop/legacy/report.py`",
            why="does not parse as Python 3.11 (line 12). No rule read it.",
            way=Way.RULE,
        ),
        Gap(what="`tools/old.py`", why="does not parse as Python 3.11 (line 4). No rule read it.", way=Way.RULE),
        Gap(
            what="the login of “auditor”",
            why="answered 401. The probe acted as nobody, Ann, Ben and the administrator only.",
            way=Way.PROBE,
        ),
    )
