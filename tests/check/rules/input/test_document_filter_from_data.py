import pytest

SLUG = "document-filter-from-data"
HEAD = """from flask import request
from pymongo import MongoClient
db = MongoClient().shop
def find():
    body = request.get_json()
    return db.users.{}
"""


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("find_one({'name': body['name']})", "find_one({'name': {'$eq': body['name']}})"),
        ("find(request.json)", "find({'name': str(body['name'])})"),
        ("find({**body, 'owner': 1})", "find({'owner': 1})"),
        ("update_one({'_id': body['id']}, {'$set': {'a': 1}})", "update_one({'_id': ObjectId(body['id'])}, {})"),
        ("delete_many({'name': body.get('name')})", "delete_many({'name': request.args['name']})"),
        ("find({'$where': 'this.a > 1'})", "find({'a': {'$gt': int(body['a'])}})"),
        ("count_documents({'a': body['a']})", "count_documents({'a': Search.model_validate(body).a})"),
    ],
)
def test_filters(lines, bad, good):
    assert lines(SLUG, HEAD.format(bad)) == [[6], []]
    assert lines(SLUG, HEAD.format(good)) == [[], [6]]


def test_helpers_and_type_tests(lines):
    text = """
        from flask import request
        from app import mongo

        def by_name(name):
            return {"name": name}

        def a():
            return mongo.db.users.find_one(by_name(request.json["name"]))

        def b():
            name = request.json["name"]
            if not isinstance(name, str):
                raise ValueError
            return mongo.db.users.find_one(by_name(name))
    """
    assert lines(SLUG, text) == [[8], [14]]


def test_texts_are_no_collections(judge):
    assert judge(SLUG, "def f(text, request):\n    return text.find(request.json)\n").silences
