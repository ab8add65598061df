"""Messages of queues and internal calls that are believed without a schema, and checks that a header switches off."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Comparison, Function, last_word
from vallum.check.flow.walk import iter_nodes
from vallum.check.judging import guard_sites
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.inputs import is_raw, names_validator
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence
from vallum.findings.place import Place

_TASKS: Final = re.compile(
    r"(?:^|\.)(?:shared_task|task|actor|subscriber|consumer|on_message|agent|job|listener|rabbit_listener|lambda_handler)$"
)
_CONSUMES: Final = re.compile(
    r"consume|on_message|handle_message|process_message|receive|callback|worker|lambda_handler|listen", re.IGNORECASE
)
_MESSAGE: Final = re.compile(r"\b(?:message|msg|record|delivery|event|envelope|payload|job|body|raw)\b", re.IGNORECASE)
_QUEUES: Final = (
    "kafka", "confluent_kafka", "aiokafka", "pika", "aio_pika", "kombu", "celery", "nats", "redis", "rq", "dramatiq",
    "boto3", "google.cloud.pubsub_v1", "azure.servicebus", "faststream", "paho", "stomp", "arq", "huey",
)  # fmt: skip
_DECODERS: Final = (
    "json.loads",
    "orjson.loads",
    "ujson.loads",
    "simplejson.loads",
    "msgpack.unpackb",
    "yaml.safe_load",
)
_HEADER: Final = re.compile(r"x-(?:internal|service|gateway|trusted|from-|mesh)[\w-]*|internal", re.IGNORECASE)
_ATTACK: Final = "One forged message, or one compromised neighbour, gives values of any type to code that trusts them."
_FIX: Final = "Validate by the strict schema of the public endpoint; set aside what fails: @validated of the guard."


def examine(project: Project) -> Iterator[Remark]:
    """Look at consumers, at internal routes, and at headers that decide whether anything is checked."""
    remarks = list(_judge_consumers(project))
    seen: set[Place] = set()
    for route in project.routes:
        if "internal" in route.path.lower() and route.place not in seen and not is_test(route.place.path):
            seen.add(route.place)
            remarks += _judge_route(route.handler, changes=route.changes_state)
    remarks += [remark for found in project.comparisons for remark in _judge_header(found)]
    remarks += guard_sites(RULE, project, "vallum.guard.input.messages.validated")
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "nothing reads messages or internal calls")


def _judge_consumers(project: Project) -> Iterator[Remark]:
    if not project.uses(*_QUEUES):
        return
    for call in project.calls(*_DECODERS):
        function = call.function
        if function is None or not call.arguments or is_test(call.place.path):
            continue
        task = any(_TASKS.search(one.name) for one in function.decorators)
        named = _CONSUMES.search(function.name) and _MESSAGE.search(call.arguments[0].text)
        if task or named:
            yield _tell(call, _is_validated(call, function))
    for call in project.calls("*.model_validate_json", "*.validate_json", "*.parse_raw"):
        function = call.function
        if function is not None and (
            _CONSUMES.search(function.name) or any(_TASKS.search(one.name) for one in function.decorators)
        ):
            yield RULE.site(call.place, "a schema reads the message")


def _tell(call: Call, checked: bool) -> Remark:
    if checked:
        return RULE.site(call.place, "a schema gets what was read")
    return RULE.finding(call.place, _ATTACK, "What the message holds is used as it is.", fix=_FIX)


def _is_validated(call: Call, function: Function) -> bool:
    """Whether the decoded message goes into a validator, at once or by its variable."""
    names = {
        last_word(target)
        for node in iter_nodes(function.node)
        if isinstance(node, nodes.Assign) and node.value is not None and call.node in set(iter_nodes(node.value))
        for target in node.targets
    }
    for node in iter_nodes(function.node):
        if not isinstance(node, nodes.Call) or node is call.node or not names_validator(last_word(node.function)):
            continue
        inside = [
            inner for part in (*node.arguments, *(value for _, value in node.keywords)) for inner in iter_nodes(part)
        ]
        if call.node in inside or any(isinstance(one, nodes.Name) and one.id in names for one in inside):
            return True
    return False


def _judge_route(handler: Function, *, changes: bool) -> Iterator[Remark]:
    raw = False
    for call in handler.calls:
        if (
            call.method in {"json", "get_json"}
            and call.receiver is not None
            and call.receiver.words in {"request", "req"}
        ):
            raw = True
            checked = _is_validated(call, handler) and not _skips(handler)
            yield _tell(call, checked)
    for parameter in handler.parameters:
        if changes and is_raw(parameter):
            raw = True
            why = f"`{parameter.name}` is a dictionary or a list of anything."
            yield RULE.finding(handler.place, _ATTACK, why, fix=_FIX)
    if not raw and changes and handler.parameters:
        yield RULE.site(handler.place, "typed parameters read the call")


def _skips(handler: Function) -> bool:
    """Whether a test of a header stands before the validation."""
    return any(
        isinstance(node, nodes.If) and "headers" in handler.module.text_of(node.test)
        for node in iter_nodes(handler.node)
    )


def _judge_header(found: Comparison) -> Iterator[Remark]:
    """`if request.headers.get("X-Internal") != "1": validate(...)`."""
    sides = [found.left, found.right]
    header = next((side for side in sides if "headers" in side.text and _HEADER.search(side.text)), None)
    if header is None or found.function is None or is_test(found.place.path):
        return
    for node in iter_nodes(found.function.node):
        if isinstance(node, nodes.If) and found.node in set(iter_nodes(node.test)):
            branch = (*node.then, *node.otherwise)
            calls = [inner for part in branch for inner in iter_nodes(part) if isinstance(inner, nodes.Call)]
            if any(
                re.match(r"model_validate|validate|parse_obj|load|check", last_word(call.function)) for call in calls
            ):
                why = "A header that any client can send decides whether the payload is checked."
                yield RULE.finding(found.place, _ATTACK, why, fix="Validate always.", confidence=Confidence.HIGH)


RULE = Rule(
    slug="payload-without-schema",
    control="internal-api-validation",
    languages=("python",),
    unit=("internal payload", "internal payloads"),
    sound="read by a schema",
    examine=examine,
)
