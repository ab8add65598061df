import pytest

from vallum.findings.finding import Silence

SLUG = "plaintext-sensitive-column"
MODEL = "class Person(Base):\n    {}\n"


@pytest.mark.parametrize(
    ("column", "found"),
    [
        ("ssn = models.CharField(max_length=11)", True),
        ("totp_secret: Mapped[str] = mapped_column(String(64))", True),
        ("card_number = Column(String)", True),
        ("refresh_token = StringField()", True),
        ("tax_id = models.CharField(max_length=20)", True),
        ("ssn = EncryptedCharField(purpose='p')", False),
        ("totp_secret: Mapped[str] = mapped_column(Encrypted('totp'))", False),
        ("access_token = mapped_column(EncryptedText(box, 'x'))", False),
        ("access_token_hash = mapped_column(String(64))", None),
        ("card_last4 = models.CharField(max_length=4)", None),
        ("name = models.CharField(max_length=99)", None),
        ("access_token = relationship('Token')", None),
        ("ssn = 'label'", None),
    ],
)
def test_columns(lines, column, found):
    expected = [[2], []] if found else [[], [2] if found is False else []]
    assert lines(SLUG, MODEL.format(column)) == expected


def test_tables(lines):
    head = "from sqlalchemy import Column, String\n"
    assert lines(SLUG, f"{head}a = Column('iban', String(40))\n") == [[2], []]
    assert lines(SLUG, f"{head}a = Column('iban', EncryptedText(box, 'p.iban'))\n") == [[], [2]]
    assert lines(SLUG, f"{head}a = Column('iban_index', String(40))\n") == [[], []]


def test_exports(lines):
    assert lines(SLUG, "writer.writerow([p.id, p.ssn])\nwriter.writerow([p.id, p.city])\n") == [[1], []]
    assert lines(SLUG, "writer.writerow([mask(p.ssn)])\n") == [[], []]


BUCKET = "Resources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties:\n      BucketName: a\n"


def test_buckets(lines):
    assert lines(SLUG, {"s.yaml": BUCKET}) == [["s.yaml:3"], []]
    assert lines(SLUG, {"s.yaml": f"{BUCKET}      BucketEncryption: {{}}\n"}) == [[], ["s.yaml:3"]]
    terraform = 'resource "aws_s3_bucket" "a" {\n}\n'
    assert lines(SLUG, {"a.tf": terraform}) == [["a.tf:1"], []]
    more = 'resource "aws_s3_bucket_server_side_encryption_configuration" "a" {\n}\n'
    assert lines(SLUG, {"a.tf": terraform + more}) == [[], ["a.tf:1"]]


def test_stores(lines):
    assert lines(SLUG, {"a.tf": "storage_encrypted = false\n"}) == [["a.tf:1"], []]
    assert lines(SLUG, {"a.tf": "storage_encrypted = true\n"}) == [[], ["a.tf:1"]]


def test_projects_without_sensitive_data(judge):
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
