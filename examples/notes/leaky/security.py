"""Passwords, random tokens, the lock on private notes, and who is asking."""

import base64
import hashlib
import random
import string
import time
from itertools import cycle

from fastapi import HTTPException, Request

from . import settings

ALPHABET = string.ascii_lowercase + string.digits


def hash_password(password):
    return hashlib.sha256((settings.SECRET_KEY + password).encode()).hexdigest()


def check_password(password, stored):
    """Accounts from the first version still have MD5."""
    if len(stored) == 32:
        return hashlib.md5(password.encode()).hexdigest() == stored
    return hash_password(password) == stored


def new_session_id():
    return hashlib.md5(f"{time.time()}{random.random()}".encode()).hexdigest()


def reset_code():
    return "".join(random.choice(string.digits) for _ in range(6))


def link_token():
    return "".join(random.choice(ALPHABET) for _ in range(8))


def lock_text(text):
    """Private notes are not readable in the database or in a backup."""
    mixed = bytes(a ^ b for a, b in zip(text.encode(), cycle(settings.SECRET_KEY.encode())))
    return base64.b64encode(mixed).decode()


def unlock_text(locked):
    mixed = base64.b64decode(locked)
    return bytes(a ^ b for a, b in zip(mixed, cycle(settings.SECRET_KEY.encode()))).decode()


def file_digest(content):
    return hashlib.sha1(content).hexdigest()


def require_user(request: Request):
    """The signed-in user; anybody else is sent to the login page."""
    user = request.state.user
    if user is None:
        raise HTTPException(303, headers={"Location": f"/login?next={request.url.path}"})
    return user


def require_admin(request: Request):
    user = require_user(request)
    if not user["is_admin"]:
        raise HTTPException(403, "This page is for administrators.")
    return user


def api_key_valid(key):
    return key == settings.SYNC_API_KEY
