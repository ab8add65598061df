"""A login under a flood, with the default pool: POST /login (form fields username and password) and GET /ping.

One account, one address and thousands of logins are what the limits of `Login` exist to stop, so that here they count
and refuse nobody: the flood has to reach the hashing pool, which is what is measured.
"""

from typing import Annotated

from fastapi import FastAPI, Form

from vallum.guard import Guard, public
from vallum.guard.authentication.lockout import Lockout
from vallum.guard.authentication.login import Login
from vallum.guard.authentication.login_limits import LoginLimits
from vallum.guard.authentication.passwords import PasswordHasher
from vallum.stores.accounts import AccountRecord
from vallum.stores.limits_memory import MemoryLimits
from vallum.stores.memory.accounts import MemoryAccounts

PASSWORDS = PasswordHasher()
ACCOUNTS = MemoryAccounts()
ACCOUNTS.create(
    AccountRecord(
        id="1",
        login="alice@example.org",
        email="alice@example.org",
        password=PASSWORDS.hash("correct horse battery"),
        created=0,
    )
)
LOGIN = Login(
    accounts=ACCOUNTS,
    passwords=PASSWORDS,
    lockout=Lockout(MemoryLimits()),
    limits=LoginLimits(account="1000000/minute", address="1000000/minute"),
)
app = FastAPI(openapi_url=None)
Guard(app)


@app.post("/login")
@public
async def log_in(username: Annotated[str, Form()], password: Annotated[str, Form()]) -> dict[str, str]:
    """Check the password."""
    result = await LOGIN.authenticate_async(username, password)
    return {"account": result.account.id}


@app.get("/ping")
@public
async def ping() -> dict[str, bool]:
    """Answer at once."""
    return {"ok": True}
