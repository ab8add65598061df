from vallum.check.read.source import make_source
from vallum.check.secrets.entries import place_hidden, read_entries

TEXT = """# DB_PASSWORD=commented
services:
  web:
    environment:
      - DB_PASSWORD=tulip-harbour-9921
      - PAGE_SIZE=20
    api_key: "${API_KEY}"
    token: placeholder  # to be filled
"""


def test_entries():
    entries = list(read_entries(make_source("compose.yaml", TEXT)))
    told = {entry.key: (entry.line, entry.value, entry.is_secret) for entry in entries}
    assert told["DB_PASSWORD"] == (5, "tulip-harbour-9921", True)
    assert told["PAGE_SIZE"] == (6, "20", False)
    assert told["token"] == (8, "placeholder", False)
    assert not told["api_key"][2]


def test_the_place_hides_the_value():
    place = place_hidden(make_source("compose.yaml", TEXT), 5, "tulip-harbour-9921")
    assert (place.line, place.column, place.text) == (5, 7, "- DB_PASSWORD=********")
