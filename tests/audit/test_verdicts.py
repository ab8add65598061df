import pytest

from vallum.audit.keepers import load_keepers
from vallum.audit.verdicts import judge, load_witnesses
from vallum.catalogue.registry import load_controls
from vallum.check.run import load_rules
from vallum.findings.examination import Examination
from vallum.findings.finding import Finding, Gap, Silence, Site, Unproven, Way
from vallum.findings.place import Act, Place
from vallum.findings.verdict import Outcome
from vallum.probe.run import load_checks

RULE = next(rule for rule in load_rules() if rule.control == "hsts")
CHECK = next(check for check in load_checks() if check.control == "hsts")
PLACE = Place(path="shop/app.py", line=3, text="app = FastAPI()")
ACT = Act(method="GET", path="/", route="/", status=200)


def site(way=Way.RULE):
    source, where = (RULE.slug, PLACE) if way is Way.RULE else (CHECK.claim, ACT)
    return Site(control="hsts", source=source, way=way, where=where, note="well")


def finding(way=Way.RULE):
    source, where = (RULE.slug, PLACE) if way is Way.RULE else (CHECK.claim, ACT)
    return Finding(control="hsts", source=source, way=way, where=where, message="m", reason="r")


def silent(silence, way=Way.RULE):
    source = RULE.slug if way is Way.RULE else CHECK.claim
    return Unproven(control="hsts", source=source, way=way, silence=silence, reason="no server here")


def verdict_on(control_id="hsts", rule=(), probe=None, gaps=()):
    examinations = {Way.RULE: Examination(remarks=tuple(rule), gaps=tuple(gaps))}
    if probe is not None:
        examinations[Way.PROBE] = Examination(remarks=tuple(probe))
    (verdict,) = judge(examinations, (control_id,))
    return verdict


def test_every_control_gets_a_verdict_in_catalogue_order():
    verdicts = judge({Way.RULE: Examination(remarks=())})
    assert [verdict.control for verdict in verdicts] == list(load_controls())
    assert {verdict.outcome for verdict in verdicts} == {Outcome.UNPROVEN}


def test_nothing_examined_is_never_held():
    verdict = verdict_on()
    assert (verdict.outcome, verdict.silence) == (Outcome.UNPROVEN, Silence.NOTHING_EXAMINED)
    assert verdict.evidence == "Nothing examined: the rule found no place to look at"


def test_ways_that_did_not_run_are_named():
    (verdict,) = judge({}, ("hsts",))
    assert verdict.evidence == "Nothing examined: the rule and the probe did not run"


def test_planned_ways_are_named():
    planned = [c for c in load_controls() if not any(load_keepers()[c.id].names(way) for way in ("rule", "probe"))]
    for control in planned[:1]:
        verdict = verdict_on(control.id)
        assert "planned" in verdict.evidence


def test_sites_hold_with_their_number():
    witness = load_witnesses()[RULE.slug]
    assert verdict_on(rule=[site()]).evidence == f"1 {RULE.unit[0]}, {RULE.sound}"
    verdict = verdict_on(rule=[site(), site()])
    assert verdict.outcome is Outcome.HELD
    assert verdict.evidence == witness.tell(2) == f"2 {RULE.unit[1]}, all {RULE.sound}"


def test_both_ways_give_evidence():
    verdict = verdict_on(rule=[site()], probe=[site(Way.PROBE)])
    assert verdict.evidence == f"1 {RULE.unit[0]}, {RULE.sound}; 1 {CHECK.unit[0]}, {CHECK.sound}"


def test_one_finding_breaks_whatever_else_is_well():
    verdict = verdict_on(rule=[site(), finding(), site()], probe=[site(Way.PROBE)])
    assert verdict.outcome is Outcome.BROKEN
    assert verdict.evidence == f"1 finding, 2 of 3 {RULE.unit[1]} {RULE.sound}"
    assert len(verdict.findings) == 1
    assert len(verdict.sites) == 3


def test_finding_alone_tells_where():
    assert verdict_on(rule=[finding()]).evidence == "1 finding; shop/app.py:3"
    assert verdict_on(probe=[finding(Way.PROBE), finding(Way.PROBE)]).evidence == "2 findings; GET /"


def test_could_not_look_beats_the_other_silences():
    verdict = verdict_on(rule=[silent(Silence.DOES_NOT_APPLY)], probe=[silent(Silence.COULD_NOT_LOOK, Way.PROBE)])
    assert verdict.silence is Silence.COULD_NOT_LOOK
    assert verdict.evidence == "Could not look: no server here"


def test_gap_that_names_a_control_leaves_it_in_the_dark():
    gap = Gap(what="the login of ann", why="answered 401", way=Way.PROBE, controls=("hsts",))
    verdict = verdict_on(gaps=[gap])
    assert verdict.silence is Silence.COULD_NOT_LOOK
    assert verdict.evidence == "Could not look: the login of ann: answered 401"


@pytest.mark.parametrize(
    ("rule", "probe", "silence"),
    [
        ([silent(Silence.DOES_NOT_APPLY)], [silent(Silence.DOES_NOT_APPLY, Way.PROBE)], Silence.DOES_NOT_APPLY),
        ([silent(Silence.DOES_NOT_APPLY)], None, Silence.NOTHING_EXAMINED),
        ([silent(Silence.DOES_NOT_APPLY)], [silent(Silence.NOTHING_EXAMINED, Way.PROBE)], Silence.NOTHING_EXAMINED),
        ([silent(Silence.NOTHING_EXAMINED)], None, Silence.NOTHING_EXAMINED),
    ],
)
def test_does_not_apply_only_when_all_ways_say_so(rule, probe, silence):
    assert verdict_on(rule=rule, probe=probe).silence is silence
