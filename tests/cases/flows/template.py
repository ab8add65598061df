# --- render_template_string
from flask import Flask, request, render_template_string
app = Flask(__name__)
@app.get("/found")
def found():
    return render_template_string("<p>Hello " + request.args["name"] + "</p>")  # finding
@app.get("/sound")
def sound():
    return render_template_string("<p>Hello {{ name }}</p>", name=request.args["name"])
# --- jinja2 Template
from fastapi import FastAPI
from jinja2 import Environment, Template
app = FastAPI()
environment = Environment(autoescape=True)
@app.post("/found")
def found(text: str):
    return Template(text).render(name="x")  # finding
@app.post("/found2")
def found2(text: str):
    return environment.from_string(f"<p>{text}</p>").render()  # finding
@app.post("/sound")
def sound(text: str):
    return environment.from_string("<p>{{ text }}</p>").render(text=text)
