# --- eval
from flask import Flask, request
import ast
app = Flask(__name__)
@app.get("/found")
def found():
    return {"r": eval(request.args["expression"])}  # finding
@app.get("/sound")
def sound():
    return {"r": ast.literal_eval(request.args["expression"])}
# --- exec of text with data
from fastapi import FastAPI
app = FastAPI()
@app.post("/found")
def found(name: str):
    exec("result = compute_" + name + "()")  # finding
@app.post("/sound")
def sound(name: str):
    table = {"sum": sum, "max": max}
    if name not in table:
        return None
    return table[name]([1, 2])
# --- import by name
from flask import Flask, request
import importlib
app = Flask(__name__)
PLUGINS = ("csv_export", "pdf_export")
@app.get("/found")
def found():
    return str(importlib.import_module("plugins." + request.args["plugin"]))  # finding
@app.get("/sound")
def sound():
    name = request.args["plugin"]
    if name not in PLUGINS:
        return "", 404
    return {"m": str(importlib.import_module("plugins." + name))}
@app.get("/fixed")
def fixed():
    return {"m": str(importlib.import_module("json"))}
# --- unknown text
def found(text):
    return eval(text)  # finding
def sound():
    return eval("1 + 1")
# --- compile then exec
from django.http import HttpResponse
def found(request):
    code = compile(request.POST["code"], "<formula>", "eval")  # finding
    return HttpResponse(str(len(str(code))))
def sound(request):
    code = compile("1 + 1", "<formula>", "eval")
    return HttpResponse(str(len(str(code))))
# --- not the builtin
import pandas
import re
from flask import Flask, request
app = Flask(__name__)
class Model:
    def eval(self):
        return self
@app.get("/sound")
def sound():
    re.compile(request.args["p"])
    Model().eval()
    return ""
@app.get("/found")
def found():
    import builtins
    return {"r": builtins.eval(request.args["p"])}  # finding
