"""Make a fresh mongod a replica set of one with an admin. Run beside it, as often as you like: what is there stays.

prepare.py HOST:PORT NAME_IN_THE_SET PASSWORD_FILE [SECONDS]. The first account can be made from the mongod's own machine only (same network namespace).
"""

import sys
import time
from pathlib import Path

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

ADMIN = "sandtable"
REPLICA_SET = "sandtable"
ALREADY_INITIALIZED = 23
ACCOUNT_EXISTS = (13, 51003)
WAIT_S = 60.0


def prepare(address: str, member: str, password: str) -> None:
    """One attempt; raises until the server is far enough."""
    options = {"directConnection": True, "serverSelectionTimeoutMS": 2_000}
    with MongoClient(address, **options) as anyone:
        hello = anyone.admin.command("hello")
        if "setName" not in hello:
            try:
                config = {"_id": REPLICA_SET, "members": [{"_id": 0, "host": member}]}
                anyone.admin.command("replSetInitiate", config)
            except OperationFailure as exc:
                if exc.code not in (ALREADY_INITIALIZED, *ACCOUNT_EXISTS):
                    raise
            hello = anyone.admin.command("hello")
        if not hello.get("isWritablePrimary"):
            raise PyMongoError("there is no primary yet")
        try:
            anyone.admin.command(
                "createUser", ADMIN, pwd=password, roles=["root", "__system"], mechanisms=["SCRAM-SHA-256"]
            )
        except OperationFailure as exc:
            if exc.code not in ACCOUNT_EXISTS:
                raise
    with MongoClient(address, username=ADMIN, password=password, authSource="admin", **options) as admin:
        admin.admin.command("setDefaultRWConcern", defaultWriteConcern={"w": 1})


def main(address: str, member: str, password_file: str, wait_s: str = str(WAIT_S)) -> int:
    password = Path(password_file).read_text().strip()
    until = time.monotonic() + float(wait_s)
    while True:
        try:
            prepare(address, member, password)
        except PyMongoError as exc:
            if time.monotonic() > until:
                print(f"{address} is not ready: {exc}")
                return 1
            time.sleep(0.5)
        else:
            print(f"{address} is a replica set with an admin")
            return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
