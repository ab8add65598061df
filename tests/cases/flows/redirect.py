# --- flask next
from flask import Flask, request, redirect, url_for
from urllib.parse import urlparse
app = Flask(__name__)
@app.get("/found")
def found():
    return redirect(request.args.get("next", "/"))  # finding
@app.get("/scheme")
def scheme():
    target = request.args["next"]
    if target.startswith("https://"):
        return redirect(target)  # finding
    return redirect("/")
@app.get("/sound")
def sound():
    target = request.args.get("next", "/")
    if not target.startswith("/") or target.startswith("//"):
        target = url_for("index")
    return redirect(target)
@app.get("/host")
def host():
    target = request.args["next"]
    if urlparse(target).netloc not in {"example.com", "www.example.com"}:
        return redirect("/")
    return redirect(target)
@app.get("/fixed")
def fixed():
    return redirect(url_for("index", q=request.args["q"]))
# --- prefix and includes
from flask import Flask, request, redirect
app = Flask(__name__)
@app.get("/found")
def found():
    target = request.args["next"]
    if "example.com" in target:
        return redirect(target)  # finding
    return redirect("/")
@app.get("/found2")
def found2():
    target = request.args["next"]
    if target.startswith("https://example.com"):
        return redirect(target)  # finding
    return redirect("/")
@app.get("/sound")
def sound():
    target = request.args["next"]
    if target.startswith("https://example.com/"):
        return redirect(target)
    return redirect("/")
@app.get("/below")
def below():
    return redirect("/notes/" + request.args["id"])
@app.get("/query")
def query():
    return redirect(f"https://example.com/search?q={request.args['q']}")
@app.get("/found3")
def found3():
    return redirect("https://" + request.args["host"] + "/login")  # finding
# --- django
from django.http import HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
def found(request):
    return HttpResponseRedirect(request.GET["next"])  # finding
def found2(request):
    return redirect(request.POST.get("next"))  # finding
def sound(request):
    target = request.GET["next"]
    if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
        target = "/"
    return HttpResponseRedirect(target)
def fixed(request):
    return redirect("index")
# --- fastapi
from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse
app = FastAPI()
PAGES = {"home": "/", "notes": "/notes"}
def safe(target: str) -> str:
    if target.startswith("/") and not target.startswith(("//", "/\\")):
        return target
    return "/"
@app.get("/found")
def found(next: str = "/"):
    return RedirectResponse(next, status_code=303)  # finding
@app.get("/found2")
def found2(request: Request):
    return RedirectResponse(url=request.headers["referer"])  # finding
@app.get("/sound")
def sound(page: str):
    return RedirectResponse(PAGES.get(page, "/"))
@app.get("/helper")
def helper(next: str = "/"):
    return RedirectResponse(safe(next))
# --- helper with a set
from flask import Flask, request, redirect
from urllib.parse import urlsplit
app = Flask(__name__)
ALLOWED = {"example.com"}
def is_allowed(url):
    return urlsplit(url).hostname in ALLOWED
def is_https(url):
    return urlsplit(url).scheme == "https"
@app.get("/found")
def found():
    target = request.args["u"]
    return redirect(target if is_https(target) else "/")  # finding
@app.get("/sound")
def sound():
    target = request.args["u"]
    return redirect(target if is_allowed(target) else "/")
