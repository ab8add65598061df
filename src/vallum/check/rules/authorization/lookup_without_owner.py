"""Objects that are read, changed or deleted by an identifier from the client, whoever they belong to."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Class, Route
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.callers import callers_of
from vallum.check.readings.lookups import Lookup, lookups_of, names_owner
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence
from vallum.findings.place import Place

_ATTACK: Final = "A signed-in user puts another number into the address and gets at what belongs to somebody else."
_FIX: Final = "Put the owner into the query, or load it with load_or_404(loader, key, actor) of the guard."
_ADMIN: Final = re.compile(r"admin|staff|superuser|moderat|manage|backoffice|internal", re.IGNORECASE)
_GENERIC: Final = frozenset({
    "DetailView", "UpdateView", "DeleteView", "RetrieveAPIView", "RetrieveUpdateAPIView", "RetrieveDestroyAPIView",
    "RetrieveUpdateDestroyAPIView", "DestroyAPIView", "UpdateAPIView", "ModelViewSet", "ReadOnlyModelViewSet",
})  # fmt: skip
_SELECTS: Final = frozenset({"get_queryset", "get_object", "has_object_permission", "filter_queryset", "test_func"})


def examine(project: Project) -> Iterator[Remark]:
    """Look at the lookups of every handler that knows its caller, and at generic views."""
    seen: set[Place] = set()
    remarks: list[Remark] = []
    for route in project.routes:
        if route.place not in seen and not is_test(route.place.path):
            seen.add(route.place)
            remarks += _judge_route(route, project)
    remarks += _judge_classes(project)
    yield from remarks
    if not seen:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "there are no routes")


def _judge_route(route: Route, project: Project) -> Iterator[Remark]:
    access = callers_of(project).access(route)
    if not (access.checked or access.unsure) or _is_for_admins(route, access.checked):
        return
    lookups = [lookup for lookup in lookups_of(project).of(route) if not _belongs_to_nobody(lookup, project)]
    bare = next((lookup for lookup in lookups if not lookup.scoped), None)
    if bare is not None and not any(lookup.scoped for lookup in lookups):
        what = f"`{bare.call.text.splitlines()[0]}`"
        confidence = Confidence.HIGH if access.checked else Confidence.MEDIUM
        why = f"{what} asks for the identifier alone, and nothing compares the owner afterwards."
        yield RULE.finding(bare.call.place, _ATTACK, why, fix=_FIX, confidence=confidence)
    for lookup in lookups:
        if lookup.scoped:
            yield RULE.site(lookup.call.place, f"restricted by {lookup.scoped}")


def _is_for_admins(route: Route, checked: str) -> bool:
    names = [route.path, checked, route.handler.module.name.rpartition(".")[2]]
    names += [decorator.text for decorator in route.handler.decorators]
    names += [dependency.name.rpartition(".")[2] for dependency in route.dependencies if dependency.level == "handler"]
    return any(_ADMIN.search(name) for name in names)


def _belongs_to_nobody(lookup: Lookup, project: Project) -> bool:
    """A class of the project without an owner: a country, a product, a page."""
    definition = project.facts.index.by_name.get(lookup.model)
    if definition is None or names_owner(definition.node.name.lower()):
        return False
    text = definition.module.text_of(definition.node)
    return not any(names_owner(word) for word in re.findall(r"\b[a-z]\w*", text))


def _judge_classes(project: Project) -> Iterator[Remark]:
    for found in project.classes:
        words = {base.rpartition(".")[2] for base in found.bases}
        if not words & _GENERIC or is_test(found.place.path):
            continue
        text = found.module.text_of(found.node)
        place = _whole_table(found)
        known = any(word.endswith("RequiredMixin") for word in words) or "permission_classes" in text
        if place is None or not known or _ADMIN.search(text):
            continue
        methods = {node.name for node in found.node.body if isinstance(node, nodes.Function)}
        if methods & _SELECTS or re.search(r"permission_classes\s*=.*(?:Owner|Object|Own)", text):
            yield RULE.site(place, f"restricted by {', '.join(sorted(methods & _SELECTS)) or 'permission_classes'}")
        else:
            why = "The generic view looks among all rows: neither get_queryset nor get_object names the owner."
            fix = "Define get_queryset: return Model.objects.filter(owner=self.request.user)."
            yield RULE.finding(place, _ATTACK, why, fix=fix)


def _whole_table(found: Class) -> Place | None:
    """The line that names the model or the queryset of a generic view; None for a class that names neither."""
    for node in found.node.body:
        if isinstance(node, nodes.Assign) and any(
            isinstance(target, nodes.Name) and target.id in {"model", "queryset"} for target in node.targets
        ):
            return found.module.place(node)
    methods = [node for node in found.node.body if isinstance(node, nodes.Function) and node.name in _SELECTS]
    return found.module.place(methods[0]) if methods else None


RULE = Rule(
    slug="lookup-without-owner",
    control="object-ownership",
    languages=("python",),
    unit=("lookup by the client's identifier", "lookups by the client's identifiers"),
    sound="restricted to the caller",
    examine=examine,
)
