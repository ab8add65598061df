"""Identity numbers, card numbers, seeds and tokens in plain columns and exports; buckets without encryption."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, last_word
from vallum.check.judging import guard_sites
from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test
from vallum.check.read.source import Source
from vallum.check.readings.words import iter_identifiers, split_words
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark, Silence

_COLUMNS: Final = re.compile(
    r"^(?:mapped_column|Column|CharField|TextField|StringField|Field|EncryptedCharField|EncryptedTextField|Encrypted\w*"
    r"|\w*Char|String|Text|StringType|BinaryField|IntegerField|BigIntegerField|JSONField)$"
)
_SENSITIVE: Final = (
    {"ssn"}, {"social", "security"}, {"card", "number"}, {"credit", "card"}, {"cardnumber"}, {"cvv"}, {"cvc"},
    {"iban"}, {"passport", "number"}, {"passport", "no"}, {"national", "id"}, {"tax", "id"}, {"totp", "secret"},
    {"mfa", "secret"},
    {"otp", "secret"}, {"totp", "seed"}, {"totp", "key"}, {"twofactor", "secret"}, {"access", "token"},
    {"refresh", "token"}, {"oauth", "token"}, {"api", "secret"}, {"client", "secret"}, {"bot", "token"},
    {"private", "key"}, {"bank", "account", "number"}, {"account", "iban"},
)  # fmt: skip
_NOT: Final = frozenset({
    "hash", "hashed", "digest", "encrypted", "sealed", "cipher", "ciphertext", "index", "last", "last4", "4", "id",
    "fingerprint", "reference", "ref", "expires", "expiry", "at", "type", "masked", "count", "enabled", "enc", "blind",
    "url", "uri", "lifetime", "name", "hint", "path", "endpoint", "method", "verified", "created",
})  # fmt: skip
_ID_PAIRS: Final = ({"national", "id"}, {"tax", "id"})
_SEALED: Final = re.compile(r"encrypt|sealed|vault|pgp|fernet|cipher|secure_?(?:text|string)|hashed", re.IGNORECASE)
_RELATIONS: Final = re.compile(r"ForeignKey|relationship|Boolean|DateTime|Date\b")
_ROWS: Final = ("*.writerow", "*.writerows")
_OFF: Final = re.compile(
    r"^\s*\"?(?P<key>StorageEncrypted|storage_encrypted|Encrypted|encrypted|kms_encrypted|EncryptionAtRest)\"?"
    r"\s*[:=]\s*[\"']?(?P<value>true|false)\b",
    re.IGNORECASE,
)
_BUCKET: Final = re.compile(r"^(?P<indent>\s*)Type:\s*[\"']?AWS::S3::Bucket[\"']?\s*$")
_TF_BUCKET: Final = re.compile(r"^\s*resource\s+\"aws_s3_bucket\"\s+\"")
_ATTACK: Final = "A dump, a stolen replica or one injection into SQL reads the value in clear."
_FIX: Final = 'EncryptedText(box, "table.column") of the guard, with the key kept in another system than the data.'


def examine(project: Project) -> Iterator[Remark]:
    """Look at every column and export with a sensitive name, and at every storage bucket."""
    remarks = [*_judge_models(project), *_judge_tables(project), *_judge_exports(project), *_judge_stores(project)]
    remarks += guard_sites(RULE, project, "*.EncryptedText", "*.EncryptedBytes")
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no sensitive column, export or bucket is in sight")


def _judge_models(project: Project) -> Iterator[Remark]:
    for module, definition in project.facts.bodies:
        if definition is None or not isinstance(definition.node, nodes.Class) or is_test(module.path):
            continue
        for node in definition.node.body:
            if isinstance(node, nodes.Assign) and isinstance(node.value, nodes.Call) and node.targets:
                name = last_word(node.targets[0])
                if names_sensitive(name) and _COLUMNS.search(last_word(node.value.function)):
                    text = module.text_of(node.value)
                    yield from _judge_column(name, text, project, node, module.path)


def _judge_column(name: str, text: str, project: Project, node: nodes.Assign, path: str) -> Iterator[Remark]:
    if _RELATIONS.search(text):
        return
    place = next(module for module in project.modules if module.path == path).place(node)
    if _SEALED.search(text):
        yield RULE.site(place, f"{name} is encrypted")
    else:
        yield RULE.finding(place, _ATTACK, f"{name} is a plain column.", fix=_FIX)


def _judge_tables(project: Project) -> Iterator[Remark]:
    """`Column("iban", String)` of a table in SQLAlchemy's core."""
    for call in project.calls("*.Column", "Column"):
        name = call.constant_of(0, "name")
        if isinstance(name, str) and names_sensitive(name) and not is_test(call.place.path):
            if _SEALED.search(call.text.replace(name, "")):
                yield RULE.site(call.place, f"{name} is encrypted")
            elif not _RELATIONS.search(call.text):
                yield RULE.finding(call.place, _ATTACK, f"{name} is a plain column.", fix=_FIX)


def names_sensitive(name: str) -> bool:
    """Whether a column of this name holds what must be encrypted."""
    words = set(split_words(name))
    if any(pair <= words for pair in _ID_PAIRS):
        words -= {"id"}
        return not words & _NOT
    return not words & _NOT and any(pair <= words for pair in _SENSITIVE)


def _judge_exports(project: Project) -> Iterator[Remark]:
    for call in project.calls(*_ROWS):
        if is_test(call.place.path):
            continue
        name = _exported(call)
        if name:
            why = f"{name} is written to a file as it is."
            fix = "Leave it out, or encrypt the export."
            yield RULE.finding(call.place, _ATTACK, why, fix=fix, confidence=Confidence.MEDIUM)


def _exported(call: Call) -> str:
    for argument in call.arguments:
        for word in iter_identifiers(argument.node):
            if names_sensitive(word):
                return "" if re.search(r"encrypt|seal|mask|redact", argument.text) else word
    return ""


def _judge_stores(project: Project) -> Iterator[Remark]:
    configured = any(
        "aws_s3_bucket_server_side_encryption_configuration" in s.text for s in project.configs("terraform")
    )
    for source in project.configs("yaml", "terraform", "json"):
        if is_test(source.path) or is_document(source.path) or not re.search(r"ncrypted|AWS::S3|aws_s3", source.text):
            continue
        for number, line in enumerate(source.lines, 1):
            place = project.place_in(source, number)
            switch = _OFF.search(line)
            if switch and source.kind != "json":
                if switch["value"].lower() == "false":
                    why = f"{switch['key']} is off."
                    yield RULE.finding(place, _ATTACK, why, fix=f"{switch['key']} = true, with a key of its own.")
                else:
                    yield RULE.site(place, "the storage is encrypted")
            bucket = _BUCKET.match(line)
            sound = bucket is not None and "BucketEncryption" in _block(source, number, len(bucket["indent"]))
            if bucket is not None or _TF_BUCKET.match(line):
                if sound or (bucket is None and configured):
                    yield RULE.site(place, "the bucket is encrypted")
                else:
                    fix = "Add BucketEncryption with aws:kms."
                    why = "The bucket names no encryption."
                    yield RULE.finding(place, _ATTACK, why, fix=fix, confidence=Confidence.MEDIUM)


def _block(source: Source, number: int, indent: int) -> str:
    """The lines after a key that stand as deep as it or deeper."""
    found = []
    for line in source.lines[number:]:
        if line.strip() and len(line) - len(line.lstrip()) < indent:
            break
        found.append(line)
    return "\n".join(found)


RULE = Rule(
    slug="plaintext-sensitive-column",
    control="encryption-at-rest",
    languages=("python", "yaml", "terraform"),
    unit=("sensitive column, export or store", "sensitive columns, exports and stores"),
    sound="encrypted",
    examine=examine,
)
