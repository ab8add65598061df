# --- join
from flask import Flask, request, send_file, abort, send_from_directory
import os
app = Flask(__name__)
BASE = "/srv/files"
@app.get("/found")
def found():
    return send_file(os.path.join(BASE, request.args["name"]))  # finding
@app.get("/sound")
def sound():
    return send_from_directory(BASE, request.args["name"])
@app.get("/real")
def real():
    path = os.path.realpath(os.path.join(BASE, request.args["name"]))
    if os.path.commonpath([BASE, path]) != BASE:
        abort(404)
    return send_file(path)
# --- pathlib
from fastapi import FastAPI, HTTPException
from pathlib import Path
app = FastAPI()
BASE = Path("/srv/files").resolve()
@app.get("/found/{name:path}")
def found(name: str):
    return (BASE / name).read_text()  # finding
@app.get("/prefix/{name:path}")
def prefix(name: str):
    path = (BASE / name).resolve()
    if not str(path).startswith(str(BASE)):  # finding
        raise HTTPException(404)
    return path.read_text()
@app.get("/unresolved/{name:path}")
def unresolved(name: str):
    path = BASE / name
    if not path.is_relative_to(BASE):
        raise HTTPException(404)
    return path.read_text()  # finding
@app.get("/sound/{name:path}")
def sound(name: str):
    path = (BASE / name).resolve()
    if not path.is_relative_to(BASE):
        raise HTTPException(404)
    return path.read_text()
@app.get("/parents/{name:path}")
def parents(name: str):
    path = (BASE / name).resolve()
    if BASE not in path.parents:
        raise HTTPException(404)
    return path.read_text()
@app.get("/relative/{name:path}")
def relative(name: str):
    path = (BASE / name).resolve()
    try:
        path.relative_to(BASE)
    except ValueError:
        raise HTTPException(404)
    return path.read_text()
# --- helper that resolves
from flask import Flask, request
from pathlib import Path
app = Flask(__name__)
ROOT = Path("data").resolve()
def inside(name):
    path = (ROOT / name).resolve()
    if not path.is_relative_to(ROOT):
        raise PermissionError(name)
    return path
def anywhere(name):
    return (ROOT / name).resolve()
@app.get("/found")
def found():
    return {"text": anywhere(request.args["name"]).read_text()}  # finding
@app.get("/sound")
def sound():
    return {"text": inside(request.args["name"]).read_text()}
# --- upload
from fastapi import FastAPI, UploadFile
import os, uuid, shutil
from werkzeug.utils import secure_filename
app = FastAPI()
@app.post("/found")
async def found(file: UploadFile):
    with open("uploads/" + file.filename, "wb") as out:  # finding
        out.write(await file.read())
@app.post("/sound")
async def sound(file: UploadFile):
    with open(f"uploads/{uuid.uuid4().hex}.bin", "wb") as out:
        out.write(await file.read())
@app.post("/named")
async def named(file: UploadFile):
    with open(os.path.join("uploads", secure_filename(file.filename)), "wb") as out:
        shutil.copyfileobj(file.file, out)
# --- flask upload save
from flask import Flask, request
import os
from werkzeug.utils import secure_filename
app = Flask(__name__)
@app.post("/found")
def found():
    file = request.files["photo"]
    file.save(os.path.join("photos", file.filename))  # finding
    return ""
@app.post("/sound")
def sound():
    file = request.files["photo"]
    file.save(os.path.join("photos", secure_filename(file.filename)))
    return ""
# --- open in django
from django.http import FileResponse, Http404
import os
FILES = {"terms": "/srv/terms.pdf", "prices": "/srv/prices.pdf"}
def found(request, name):
    return FileResponse(open("/srv/" + name, "rb"))  # finding
def sound(request, name):
    if name not in FILES:
        raise Http404
    return FileResponse(open(FILES[name], "rb"))
def number(request, pk):
    return FileResponse(open(f"/srv/{int(pk)}.pdf", "rb"))
# --- archives
import tarfile, zipfile
def found(archive):
    with tarfile.open(archive) as tar:
        tar.extractall("/srv/import")  # finding
def sound(archive):
    with tarfile.open(archive) as tar:
        tar.extractall("/srv/import", filter="data")
    with zipfile.ZipFile(archive) as zipped:
        zipped.extractall("/srv/import")
# --- deleting
from flask import Flask, request
import os
app = Flask(__name__)
@app.post("/found")
def found():
    os.remove(f"/srv/cache/{request.form['key']}")  # finding
    return ""
@app.post("/sound")
def sound():
    key = request.form["key"]
    if not key.isalnum():
        return "", 400
    os.remove(f"/srv/cache/{key}")
    return ""
# --- basename
from flask import Flask, request
import os
app = Flask(__name__)
@app.get("/found")
def found():
    name = request.args["name"].replace("../", "")
    return {"t": open("/srv/" + name).read()}  # finding
@app.get("/sound")
def sound():
    name = os.path.basename(request.args["name"])
    return {"t": open("/srv/" + name).read()}
