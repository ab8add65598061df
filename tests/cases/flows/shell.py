# --- os.system
from flask import Flask, request
import os, subprocess, shlex
app = Flask(__name__)
@app.get("/found")
def found():
    os.system("ping -c 1 " + request.args["host"])  # finding
    return ""
@app.get("/sound")
def sound():
    subprocess.run(["ping", "-c", "1", "--", request.args["host"]], check=True)
    return ""
@app.get("/quoted")
def quoted():
    os.system("ping -c 1 " + shlex.quote(request.args["host"]))
    return ""
# --- shell true
from fastapi import FastAPI
import subprocess
app = FastAPI()
@app.get("/found")
def found(name: str):
    return subprocess.check_output(f"grep {name} /var/log/app.log", shell=True)  # finding
@app.get("/found2")
def found2(name: str):
    options = {"shell": True, "text": True}
    return subprocess.run("grep " + name, **options).stdout  # finding
@app.get("/sound")
def sound(name: str):
    return subprocess.check_output(["grep", "-F", "--", name, "/var/log/app.log"], shell=False)
@app.get("/constant")
def constant():
    return subprocess.check_output("uptime | head -1", shell=True)
# --- program chosen by data
from flask import Flask, request
import subprocess
app = Flask(__name__)
TOOLS = {"up": "/usr/bin/uptime", "who": "/usr/bin/who"}
@app.get("/found")
def found():
    return subprocess.run([request.args["tool"], "-a"], capture_output=True).stdout  # finding
@app.get("/sound")
def sound():
    return subprocess.run([TOOLS[request.args["tool"]], "-a"], capture_output=True).stdout
# --- sh -c
from flask import Flask, request
import subprocess
app = Flask(__name__)
@app.post("/found")
def found():
    subprocess.Popen(["/bin/sh", "-c", "convert " + request.form["file"] + " out.png"])  # finding
    return ""
@app.post("/sound")
def sound():
    subprocess.Popen(["convert", "in.png", request.form["file"]])
    return ""
# --- asyncio
from fastapi import FastAPI
import asyncio
app = FastAPI()
@app.get("/found/{repo}")
async def found(repo: str):
    await asyncio.create_subprocess_shell(f"git clone {repo}")  # finding
@app.get("/sound/{repo}")
async def sound(repo: str):
    await asyncio.create_subprocess_exec("git", "clone", "--", repo)
# --- django and a helper
from django.http import HttpResponse
import os
def run(command):
    return os.popen(command).read()  # finding
def found(request):
    return HttpResponse(run("whois " + request.GET["domain"]), content_type="text/plain")
def sound(request):
    return HttpResponse(run("uptime"), content_type="text/plain")
# --- command list joined
from flask import Flask, request
import subprocess
app = Flask(__name__)
@app.get("/found")
def found():
    command = ["ls", "-l"]
    command.append(request.args["dir"])
    return subprocess.getoutput(" ".join(command))  # finding
@app.get("/sound")
def sound():
    command = ["ls", "-l"]
    command.append(request.args["dir"])
    return subprocess.run(command, capture_output=True).stdout
# --- allowed by pattern
from flask import Flask, request, abort
import os, re
app = Flask(__name__)
@app.get("/found")
def found():
    host = request.args["host"]
    if not re.match(r"[\w.]+", host):
        abort(400)
    os.system("ping " + host)  # finding
    return ""
@app.get("/sound")
def sound():
    host = request.args["host"]
    if not re.fullmatch(r"[\w.]+", host):
        abort(400)
    os.system("ping " + host)
    return ""
# --- thread
from flask import Flask, request
import os, threading
app = Flask(__name__)
def work(name):
    os.system("make " + name)  # finding
def work_safely(name):
    os.system("make all")
@app.get("/found")
def found():
    threading.Thread(target=work, args=(request.args["name"],)).start()
    return ""
@app.get("/sound")
def sound():
    threading.Thread(target=work_safely, args=(request.args["name"],)).start()
    return ""
