# --- markup
from flask import Flask, request
from markupsafe import Markup, escape
import nh3
app = Flask(__name__)
@app.get("/found")
def found():
    return {"html": str(Markup(request.args["html"]))}  # finding
@app.get("/sound")
def sound():
    return {"html": str(Markup("<b>{}</b>").format(request.args["html"]))}
@app.get("/cleaned")
def cleaned():
    return {"html": str(Markup(nh3.clean(request.args["html"])))}
@app.get("/percent")
def percent():
    return {"html": str(Markup("<b>%s</b>") % request.args["html"])}
# --- a table of escapes
from flask import Flask, request
from markupsafe import Markup
app = Flask(__name__)
ESCAPES = {ord("<"): "&lt;", ord("&"): "&amp;", ord(">"): "&gt;"}
SPACES = {ord(" "): "_"}
@app.get("/found")
def found():
    return {"html": str(Markup(request.args["html"].translate(SPACES)))}  # finding
@app.get("/sound")
def sound():
    return {"html": str(Markup(request.args["html"].translate(ESCAPES)))}
# --- mark_safe
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.utils.html import format_html, escape
def found(request):
    return render(request, "x.html", {"bio": mark_safe(request.POST["bio"])})  # finding
def found2(request):
    return render(request, "x.html", {"bio": mark_safe("<b>%s</b>" % request.POST["bio"])})  # finding
def sound(request):
    return render(request, "x.html", {"bio": format_html("<b>{}</b>", request.POST["bio"])})
def constant(request):
    return render(request, "x.html", {"bio": mark_safe("<b>none</b>")})
# --- environments
from jinja2 import Environment, FileSystemLoader, select_autoescape
found = Environment(loader=FileSystemLoader("templates"))  # finding
off = Environment(autoescape=False)  # finding
sound = Environment(loader=FileSystemLoader("templates"), autoescape=True)
chosen = Environment(autoescape=select_autoescape())
# --- template files
# file: templates/found.html
<p>{{ name }}</p>
<div>{{ bio|safe }}</div> {# finding #}
{% autoescape false %} {# finding #}
{{ x }}
{% endautoescape %}
# file: templates/sound.html
<p>{{ name }}</p>
<div>{{ bio|sanitise|safe }}</div>
