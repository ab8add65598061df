# --- flask f-string
from flask import Flask, request
import sqlite3
app = Flask(__name__)
@app.get("/found")
def found():
    name = request.args.get("name", "")
    con = sqlite3.connect("shop.db")
    return {"n": len(con.execute(f"SELECT * FROM items WHERE name = '{name}'").fetchall())}  # finding
@app.get("/sound")
def sound():
    name = request.args.get("name", "")
    con = sqlite3.connect("shop.db")
    return {"n": len(con.execute("SELECT * FROM items WHERE name = ?", (name,)).fetchall())}
# --- flask percent and helper
from flask import Blueprint, request, current_app, g
bp = Blueprint("shop", __name__, url_prefix="/shop")
def rows(sql, *values):
    cursor = g.db.cursor()
    cursor.execute(sql, values)  # finding
    return cursor.fetchall()
@bp.route("/found", methods=["POST"])
def found():
    return {"rows": rows("SELECT id FROM items WHERE kind = '%s'" % request.form["kind"])}
@bp.route("/sound", methods=["POST"])
def sound():
    return {"rows": rows("SELECT id FROM items WHERE kind = ?", request.form["kind"])}
# --- sound helper
from flask import Blueprint, request, g
bp = Blueprint("shop", __name__)
def rows(sql, *values):
    cursor = g.db.cursor()
    cursor.execute(sql, values)
    return cursor.fetchall()
@bp.route("/sound", methods=["POST"])
def sound():
    return {"rows": rows("SELECT id FROM items WHERE kind = ?", request.form["kind"])}
@bp.route("/also")
def also():
    return {"rows": rows("SELECT id FROM items")}
# --- one helper, several broken callers
from flask import Blueprint, request, g
bp = Blueprint("shop", __name__)
def rows(sql, *values):
    return g.db.execute(sql, values).fetchall()
@bp.route("/one")
def one():
    return {"rows": rows("SELECT id FROM items WHERE kind = '%s'" % request.form["kind"])}  # finding
@bp.route("/two")
def two():
    sql = f"SELECT id FROM items ORDER BY {request.args['sort']}"  # finding
    return {"rows": rows(sql)}
@bp.route("/sound")
def sound():
    return {"rows": rows("SELECT id FROM items WHERE kind = ?", request.form["kind"])}
# --- fastapi parameter
from fastapi import FastAPI, Depends
import sqlite3
app = FastAPI()
def get_db():
    con = sqlite3.connect("notes.db")
    try:
        yield con
    finally:
        con.close()
@app.get("/found")
def found(sort: str = "id", db: sqlite3.Connection = Depends(get_db)):
    return db.execute("SELECT * FROM notes ORDER BY " + sort).fetchall()  # finding
@app.get("/sound")
def sound(limit: int = 10, db: sqlite3.Connection = Depends(get_db)):
    return db.execute("SELECT * FROM notes LIMIT " + str(limit)).fetchall()
# --- fastapi model body
from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.orm import Session
router = APIRouter()
class Search(BaseModel):
    term: str
    page: int = 1
@router.post("/found")
def found(body: Search, session: Session):
    return session.execute(text(f"SELECT * FROM t WHERE title LIKE '%{body.term}%'")).all()  # finding
@router.post("/sound")
def sound(body: Search, session: Session):
    statement = text(f"SELECT * FROM t WHERE title LIKE :term LIMIT 20 OFFSET {body.page * 20}")
    return session.execute(statement, {"term": f"%{body.term}%"}).all()
# --- fastapi enum and literal
from enum import Enum
from typing import Annotated, Literal
from fastapi import FastAPI, Query
import psycopg
app = FastAPI()
class Column(str, Enum):
    name = "name"
    price = "price"
@app.get("/found")
def found(column: Annotated[str, Query(max_length=20)]):
    with psycopg.connect("dbname=shop") as con, con.cursor() as cur:
        cur.execute(f"SELECT * FROM items ORDER BY {column}")  # finding
        return cur.fetchall()
@app.get("/sound")
def sound(column: Column, way: Literal["ASC", "DESC"] = "ASC"):
    with psycopg.connect("dbname=shop") as con, con.cursor() as cur:
        cur.execute(f"SELECT * FROM items ORDER BY {column.value} {way}")
        return cur.fetchall()
# --- django raw
from django.db import connection
from django.http import JsonResponse
from shop.models import Item
def found(request):
    items = Item.objects.raw("SELECT * FROM shop_item WHERE name = '" + request.GET["name"] + "'")  # finding
    return JsonResponse({"items": [item.id for item in items]})
def found_extra(request):
    items = Item.objects.extra(where=["name = '%s'" % request.GET.get("name")])  # finding
    return JsonResponse({"items": list(items)})
def sound(request):
    items = Item.objects.raw("SELECT * FROM shop_item WHERE name = %s", [request.GET["name"]])
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM shop_item WHERE name = %s", [request.GET["name"]])
    return JsonResponse({"items": [item.id for item in items.filter(kind=request.GET["kind"])]})
# --- allow list guards
from flask import Flask, request, abort
import sqlite3
app = Flask(__name__)
COLUMNS = frozenset({"name", "price"})
@app.get("/found")
def found():
    column = request.args["sort"]
    if column in COLUMNS:
        pass
    con = sqlite3.connect("shop.db")
    return con.execute(f"SELECT * FROM items ORDER BY {column}").fetchall()  # finding
@app.get("/sound")
def sound():
    column = request.args["sort"]
    if column not in COLUMNS:
        abort(400)
    con = sqlite3.connect("shop.db")
    return con.execute(f"SELECT * FROM items ORDER BY {column}").fetchall()
@app.get("/default")
def default():
    column = request.args["sort"]
    if column not in COLUMNS:
        column = "name"
    con = sqlite3.connect("shop.db")
    return con.execute(f"SELECT * FROM items ORDER BY {column}").fetchall()
@app.get("/table")
def table():
    column = {"n": "name", "p": "price"}.get(request.args["sort"], "name")
    con = sqlite3.connect("shop.db")
    return con.execute(f"SELECT * FROM items ORDER BY {column}").fetchall()
# --- validator that raises
from flask import Flask, request
import re, sqlite3
app = Flask(__name__)
NAME = re.compile(r"[a-z_]{1,30}")
def check_name(value):
    if not NAME.fullmatch(value):
        raise ValueError("bad name")
    return value
def look_at(value):
    if not NAME.search(value):
        raise ValueError("bad name")
    return value
@app.get("/found")
def found():
    table = look_at(request.args["table"])
    return str(sqlite3.connect("x").execute("DELETE FROM " + table).rowcount)  # finding
@app.get("/sound")
def sound():
    table = check_name(request.args["table"])
    return str(sqlite3.connect("x").execute("DELETE FROM " + table).rowcount)
@app.get("/apart")
def apart():
    table = request.args["table"]
    check_name(table)
    return str(sqlite3.connect("x").execute("DELETE FROM " + table).rowcount)
# --- predicate function
from flask import Flask, request
import sqlite3
app = Flask(__name__)
def known(value, allowed):
    return value in allowed
def long_enough(value):
    return len(value) > 3
@app.get("/found")
def found():
    t = request.args["t"]
    if long_enough(t):
        return str(sqlite3.connect("x").execute("SELECT * FROM " + t).rowcount)  # finding
    return ""
@app.get("/sound")
def sound():
    t = request.args["t"]
    if known(t, ("a", "b")):
        return str(sqlite3.connect("x").execute("SELECT * FROM " + t).rowcount)
    return ""
# --- string building in a loop
from flask import Flask, request
import sqlite3
app = Flask(__name__)
@app.post("/found")
def found():
    parts = []
    for key in request.json:
        parts.append(f"{key} = '{request.json[key]}'")
    sqlite3.connect("x").execute("UPDATE t SET " + ", ".join(parts))  # finding
    return "", 204
@app.post("/sound")
def sound():
    values = [request.json[key] for key in ("name", "price")]
    marks = ", ".join(f"{column} = ?" for column in ("name", "price"))
    sqlite3.connect("x").execute("UPDATE t SET " + marks, values)
    return "", 204
@app.post("/many")
def many():
    ids = request.json["ids"]
    marks = ",".join("?" * len(ids))
    sqlite3.connect("x").execute(f"DELETE FROM t WHERE id IN ({marks})", ids)
    return "", 204
# --- class with a connection
from flask import Flask, request
import sqlite3
app = Flask(__name__)
class Store:
    table = "items"
    def __init__(self, path):
        self.con = sqlite3.connect(path)
    def bad(self, name):
        return self.con.execute(f"SELECT * FROM {self.table} WHERE name = '{name}'").fetchone()  # finding
    def good(self, name):
        return self.con.execute(f"SELECT * FROM {self.table} WHERE name = ?", (name,)).fetchone()
store = Store("shop.db")
@app.get("/found/<name>")
def found(name):
    return {"row": store.bad(name)}
@app.get("/sound/<name>")
def sound(name):
    return {"row": store.good(name)}
# --- sqlalchemy expressions
from fastapi import FastAPI, Depends
from sqlalchemy import select, text, column
from sqlalchemy.orm import Session, DeclarativeBase, Mapped, mapped_column
app = FastAPI()
class Base(DeclarativeBase):
    pass
class Note(Base):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
@app.get("/found")
def found(q: str, session: Session = Depends()):
    return session.scalars(select(Note).where(text("title = '" + q + "'"))).all()  # finding
@app.get("/sound")
def sound(q: str, session: Session = Depends()):
    query = select(Note).where(Note.title.ilike(f"%{q}%")).order_by(Note.id)
    return session.execute(query).scalars().all()
@app.get("/filter")
def filter(q: str, session: Session = Depends()):
    return session.query(Note).filter(Note.title == q).filter_by(title=q).all()
# --- psycopg composed
from flask import Flask, request
import psycopg2
from psycopg2 import sql
app = Flask(__name__)
@app.get("/found")
def found():
    cur = psycopg2.connect("").cursor()
    cur.execute("SELECT * FROM {} WHERE id = %s".format(request.args["t"]), (1,))  # finding
    return {"rows": cur.fetchall()}
@app.get("/sound")
def sound():
    cur = psycopg2.connect("").cursor()
    cur.execute(sql.SQL("SELECT * FROM {} WHERE id = %s").format(sql.Identifier(request.args["t"])), (1,))
    return {"rows": cur.fetchall()}
# --- match on a constant list
from flask import Flask, request
import sqlite3
app = Flask(__name__)
@app.get("/found")
def found():
    match request.args.get("order"):
        case "up":
            order = "ASC"
        case other:
            order = other
    return str(sqlite3.connect("x").execute(f"SELECT * FROM t ORDER BY id {order}").fetchall())  # finding
@app.get("/sound")
def sound():
    match request.args.get("order"):
        case "up":
            order = "ASC"
        case _:
            order = "DESC"
    return {"rows": sqlite3.connect("x").execute(f"SELECT * FROM t ORDER BY id {order}").fetchall()}
# --- numbers
from flask import Flask, request
import sqlite3
app = Flask(__name__)
@app.get("/found")
def found():
    page = request.args.get("page", 1)
    return {"rows": sqlite3.connect("x").execute("SELECT * FROM t LIMIT 10 OFFSET %s" % page).fetchall()}  # finding
@app.get("/sound")
def sound():
    page = request.args.get("page", 1, type=int)
    return {"rows": sqlite3.connect("x").execute("SELECT * FROM t LIMIT 10 OFFSET %s" % page).fetchall()}
@app.get("/digits")
def digits():
    page = request.args.get("page", "1")
    if not page.isdigit():
        return "", 400
    return {"rows": sqlite3.connect("x").execute("SELECT * FROM t LIMIT 10 OFFSET " + page).fetchall()}
@app.get("/try")
def attempt():
    page = request.args.get("page", "1")
    try:
        int(page)
    except ValueError:
        return "", 400
    return {"rows": sqlite3.connect("x").execute("SELECT * FROM t LIMIT 10 OFFSET " + page).fetchall()}
@app.get("/decimal")
def decimal():
    return {"rows": sqlite3.connect("x").execute("SELECT * FROM t LIMIT %d" % int(request.args["n"])).fetchall()}
# --- two files
# file: shop/__init__.py
# file: shop/store.py
from .base import connect
def find(where):
    return connect().execute("SELECT * FROM items WHERE " + where).fetchall()  # finding
def find_all():
    return connect().execute("SELECT * FROM items").fetchall()
# file: shop/base.py
import sqlite3
def connect():
    return sqlite3.connect("shop.db")
# file: shop/views.py
from flask import Blueprint, request
from shop import store
from .store import find_all as everything
views = Blueprint("views", __name__)
@views.get("/found")
def found():
    return {"rows": store.find(request.args["where"])}
@views.get("/sound")
def sound():
    return {"rows": everything()}
# --- async database
from fastapi import FastAPI, Request
import asyncpg, aiosqlite
app = FastAPI()
@app.get("/found/{name}")
async def found(name: str, request: Request):
    con = await asyncpg.connect("postgres://")
    return await con.fetch("SELECT * FROM users WHERE name = '" + name + "'")  # finding
@app.get("/found2")
async def found2(request: Request):
    async with aiosqlite.connect("x") as db:
        await db.execute(f"INSERT INTO log VALUES ('{request.headers['user-agent']}')")  # finding
@app.get("/sound/{name}")
async def sound(name: str):
    con = await asyncpg.connect("postgres://")
    return await con.fetch("SELECT * FROM users WHERE name = $1", name)
# --- class based view
from django.views import View
from django.db import connection
from django.http import JsonResponse
class Found(View):
    def get(self, request, *args, **kwargs):
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM t WHERE slug = '%s'" % self.kwargs["slug"])  # finding
            return JsonResponse({"rows": cursor.fetchall()})
class Sound(View):
    def get(self, request, *args, **kwargs):
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM t WHERE slug = %s", [self.kwargs["slug"]])
            return JsonResponse({"rows": cursor.fetchall()})
# --- dead branch and constants
from flask import Flask, request
import sqlite3
app = Flask(__name__)
DEBUG = False
@app.get("/found")
def found():
    sql = "SELECT 1"
    if not DEBUG:
        sql = "SELECT '" + request.args["x"] + "'"
    return {"r": sqlite3.connect("x").execute(sql).fetchone()}  # finding
@app.get("/sound")
def sound():
    sql = "SELECT 1"
    if 7 * 6 < 40:
        sql = "SELECT '" + request.args["x"] + "'"
    return {"r": sqlite3.connect("x").execute(sql).fetchone()}
# --- closures and lambdas
from flask import Flask, request
import sqlite3
from functools import partial
app = Flask(__name__)
def maker(column):
    def where(value):
        return f"{column} = '{value}'"
    return where
def build(template, value):
    return template.format(value)
@app.get("/found")
def found():
    where = maker("name")
    return {"r": sqlite3.connect("x").execute("SELECT * FROM t WHERE " + where(request.args["n"])).fetchone()}  # finding
@app.get("/partial")
def part():
    make = partial(build, "SELECT * FROM t WHERE a = '{}'")
    return {"r": sqlite3.connect("x").execute(make(request.args["n"])).fetchone()}  # finding
@app.get("/sound")
def sound():
    where = maker("name")
    return {"r": sqlite3.connect("x").execute("SELECT * FROM t WHERE " + where("fixed")).fetchone()}
# --- dataclass and namedtuple fields
from dataclasses import dataclass
from flask import Flask, request
import sqlite3
app = Flask(__name__)
@dataclass
class Filter:
    column: str
    value: str
@app.get("/found")
def found():
    f = Filter(column=request.args["c"], value="x")
    return {"r": sqlite3.connect("x").execute(f"SELECT * FROM t WHERE {f.column} = ?", (f.value,)).fetchone()}  # finding
@app.get("/sound")
def sound():
    f = Filter("name", request.args["v"])
    return {"r": sqlite3.connect("x").execute(f"SELECT * FROM t WHERE {f.column} = ?", (f.value,)).fetchone()}
# --- executescript and executemany
from flask import Flask, request
import sqlite3
app = Flask(__name__)
@app.post("/found")
def found():
    con = sqlite3.connect("x")
    con.executescript(request.get_data(as_text=True))  # finding
    return ""
@app.post("/sound")
def sound():
    con = sqlite3.connect("x")
    con.executemany("INSERT INTO t VALUES (?, ?)", [(row["a"], row["b"]) for row in request.get_json()])
    return ""
