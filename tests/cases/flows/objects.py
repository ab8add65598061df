# --- pickle of a cookie
from flask import Flask, request
import pickle, base64, json
app = Flask(__name__)
@app.get("/found")
def found():
    return {"cart": pickle.loads(base64.b64decode(request.cookies["cart"]))}  # finding
@app.get("/sound")
def sound():
    return {"cart": json.loads(base64.b64decode(request.cookies["cart"]))}
# --- yaml
from fastapi import FastAPI, UploadFile
import yaml
app = FastAPI()
@app.post("/found")
async def found(file: UploadFile):
    return yaml.load(await file.read(), Loader=yaml.Loader)  # finding
@app.post("/found2")
async def found2(file: UploadFile):
    return yaml.unsafe_load(await file.read())  # finding
@app.post("/sound")
async def sound(file: UploadFile):
    return yaml.load(await file.read(), Loader=yaml.SafeLoader)
@app.post("/sound2")
async def sound2(file: UploadFile):
    return yaml.safe_load(await file.read())
# --- jsonpickle and dill
from django.http import JsonResponse
import jsonpickle, dill, json
def found(request):
    return JsonResponse({"x": str(jsonpickle.decode(request.body))})  # finding
def found_dill(request):
    return JsonResponse({"x": str(dill.loads(request.body))})  # finding
def sound(request):
    return JsonResponse(json.loads(request.body))
# --- an aliased import, a wrapper
from pickle import loads as restore
from flask import Flask, request
app = Flask(__name__)
def unpack(data):
    return restore(data)  # finding
@app.post("/found")
def found():
    return {"n": len(unpack(request.data))}
@app.post("/sound")
def sound():
    return {"n": len(request.data)}
# --- own bytes
import pickle
def sound():
    return pickle.loads(pickle.dumps([1, 2]))
def found(path):
    with open(path, "rb") as file:
        return pickle.load(file)  # finding
# --- marshal and shelve
from flask import Flask, request
import marshal, shelve
app = Flask(__name__)
@app.post("/found")
def found():
    return str(marshal.loads(request.get_data()))  # finding
@app.post("/found2")
def found2():
    with shelve.open(request.args["db"]) as db:  # finding
        return {"k": list(db)}
@app.get("/sound")
def sound():
    with shelve.open("cache.db") as db:
        return {"k": list(db)}
