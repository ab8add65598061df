# --- flask answers
from flask import Flask, request, jsonify, render_template, make_response
from html import escape
from markupsafe import escape as escape_markup
app = Flask(__name__)
@app.get("/found")
def found():
    return f"<h1>Hello {request.args['name']}</h1>"  # finding
@app.get("/found2")
def found2():
    name = request.args.get("name")
    return make_response("<p>" + name + "</p>", 200)  # finding
@app.get("/sound")
def sound():
    return f"<h1>Hello {escape(request.args['name'])}</h1>"
@app.get("/sound2")
def sound2():
    return "<h1>Hello %s</h1>" % escape_markup(request.args["name"])
@app.get("/template")
def template():
    return render_template("hello.html", name=request.args["name"])
@app.get("/json")
def data():
    return jsonify(name=request.args["name"])
@app.get("/dict")
def plain():
    return {"name": request.args["name"]}
# --- path converters
from flask import Flask
app = Flask(__name__)
@app.get("/found/<name>")
def found(name):
    return "<p>No page " + name + "</p>", 404  # finding
@app.get("/sound/<int:number>")
def sound(number):
    return f"<p>No page {number}</p>", 404
# --- starlette responses
from fastapi import FastAPI
from fastapi.responses import HTMLResponse, PlainTextResponse, JSONResponse, Response
from html import escape
app = FastAPI()
@app.get("/found")
def found(q: str):
    return HTMLResponse(f"<p>Nothing for {q}</p>")  # finding
@app.get("/found2", response_class=HTMLResponse)
def found2(q: str):
    return "<p>" + q + "</p>"  # finding
@app.get("/sound")
def sound(q: str):
    return HTMLResponse(f"<p>Nothing for {escape(q)}</p>")
@app.get("/text")
def text(q: str):
    return PlainTextResponse(q)
@app.get("/json")
def data(q: str):
    return {"q": q}
@app.get("/response")
def response(q: str):
    return Response(content=q, media_type="application/xml")
# --- django
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.html import escape, format_html
def found(request):
    return HttpResponse("<b>" + request.GET.get("q", "") + "</b>")  # finding
def sound(request):
    return HttpResponse("<b>" + escape(request.GET.get("q", "")) + "</b>")
def formatted(request):
    return HttpResponse(format_html("<b>{}</b>", request.GET.get("q", "")))
def plain(request):
    return HttpResponse(request.GET.get("q", ""), content_type="text/plain")
def rendered(request):
    return render(request, "page.html", {"q": request.GET["q"]})
# --- stored data
from flask import Flask
from html import escape
import sqlite3
app = Flask(__name__)
@app.get("/found")
def found():
    rows = sqlite3.connect("x").execute("SELECT title FROM notes").fetchall()
    items = "".join(f"<li>{row[0]}</li>" for row in rows)
    return "<ul>" + items + "</ul>"  # finding
@app.get("/sound")
def sound():
    rows = sqlite3.connect("x").execute("SELECT title FROM notes").fetchall()
    items = "".join(f"<li>{escape(row[0])}</li>" for row in rows)
    return "<ul>" + items + "</ul>"
# --- the wrong escape
from flask import Flask, request
from urllib.parse import quote
import shlex
app = Flask(__name__)
@app.get("/found")
def found():
    return "<p>" + shlex.quote(request.args["q"]) + "</p>"  # finding
@app.get("/sound")
def sound():
    return '<a href="/s?q=' + quote(request.args["q"]) + '">again</a>'
# --- error page
from flask import Flask, request
from html import escape
app = Flask(__name__)
def page(title, body):
    return f"<html><title>{title}</title><body>{body}</body></html>"
@app.errorhandler(404)
def missing(error):
    return page("Not found", "This page does not exist."), 404
@app.get("/found")
def found():
    return page("Search", "Nothing for " + request.args["q"])  # finding
@app.get("/sound")
def sound():
    return page("Search", "Nothing for " + escape(request.args["q"]))
