"""Records explain's output of a real MongoDB as test data: `python -m tests.plans.record_mongodb URL`. Uses and drops a database `plans`."""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pymongo
from bson import json_util
from bson.son import SON

HERE = Path(__file__).parent / "mongodb"
MACHINE = ("serverInfo", "serverParameters", "$clusterTime", "operationTime", "ok", "indexFilterSet")


def fill(db: Any) -> None:
    db.orders.insert_many(
        {
            "_id": n,
            "customer": n % 500,
            "status": "open" if n % 100 == 0 else "done",
            "total": n % 97,
            "at": datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=n),
            "items": [{"sku": n % 7, "n": 1}, {"sku": n % 11, "n": 2}],
            "note": f"order number {n} for somebody",
            "place": {"type": "Point", "coordinates": [n % 90, n % 45]},
        }
        for n in range(5_000)
    )
    db.customers.insert_many({"_id": n, "name": f"customer {n}", "city": f"city {n % 20}"} for n in range(500))
    db.orders.create_index([("at", 1)])
    db.orders.create_index([("total", 1), ("status", 1)])
    db.orders.create_index([("note", "text")])
    db.orders.create_index([("place", "2dsphere")])


def command(name: str, **more: Any) -> SON:
    return SON([(name, "orders"), *more.items()])


def aggregate(*pipeline: dict[str, Any]) -> SON:
    return command("aggregate", pipeline=list(pipeline), cursor={})


GEO = {"type": "Point", "coordinates": [10, 10]}
LOOKUP = {"$lookup": {"from": "customers", "localField": "customer", "foreignField": "_id", "as": "who"}}
COMMANDS = {
    "collscan": command("find", filter={"customer": 42}),
    "collscan sort": command("find", filter={"status": "open"}, sort={"customer": 1}),
    "collscan top sort": command("find", sort={"customer": -1}, limit=5),
    "ixscan fetch": command("find", filter={"at": {"$gte": datetime(2024, 7, 1, tzinfo=UTC)}}),
    "filter after key": command("find", filter={"total": {"$gte": 0}, "customer": 7}, hint="total_1_status_1"),
    "covered": command("find", filter={"total": 5}, projection={"_id": 0, "total": 1, "status": 1}),
    "by id": command("find", filter={"_id": 42}),
    "or": command("find", filter={"$or": [{"total": 5}, {"at": datetime(2024, 1, 2, tzinfo=UTC)}]}),
    "sort merge": command("find", filter={"total": {"$in": [1, 2, 3]}}, sort={"status": 1}),
    "text": command("find", filter={"$text": {"$search": "4711"}}),
    "geo near": command("find", filter={"place": {"$near": {"$geometry": GEO, "$maxDistance": 500_000}}}, limit=5),
    "geo within": command("find", filter={"place": {"$geoWithin": {"$centerSphere": [[10, 10], 0.1]}}}),
    "limit skip": command("find", filter={}, skip=10, limit=5),
    "nothing": command("find", filter={"$alwaysFalse": 1}),
    "count": command("count", query={"status": "open"}),
    "count index": command("count", query={"total": 5}),
    "count all": command("count"),
    "distinct": command("distinct", key="total", query={}),
    "group": aggregate({"$match": {"status": "done"}}, {"$group": {"_id": "$customer", "n": {"$sum": 1}}}),
    "lookup": aggregate({"$match": {"total": 5}}, LOOKUP),
    "lookup classic": aggregate({"$match": {"total": 5}}, {"$_internalInhibitOptimization": {}}, LOOKUP),
    "lookup scan": aggregate(
        {"$match": {"total": 5}},
        {"$_internalInhibitOptimization": {}},
        {"$lookup": {"from": "customers", "localField": "note", "foreignField": "name", "as": "who"}},
    ),
    "unwind group sort": aggregate(
        {"$unwind": "$items"},
        {"$group": {"_id": "$items.sku", "n": {"$sum": "$items.n"}}},
        {"$sort": {"n": -1}},
        {"$limit": 3},
    ),
    "window": aggregate(
        {"$setWindowFields": {"partitionBy": "$customer", "sortBy": {"at": 1}, "output": {"r": {"$rank": {}}}}}
    ),
    "facet": aggregate({"$facet": {"a": [{"$count": "n"}], "b": [{"$limit": 2}]}}),
    "union": aggregate({"$match": {"total": 5}}, {"$unionWith": "customers"}),
    "graph": aggregate(
        {"$match": {"_id": 5}},
        {
            "$graphLookup": {
                "from": "orders",
                "startWith": "$total",
                "connectFromField": "total",
                "connectToField": "_id",
                "as": "g",
            }
        },
    ),
    "update": command("update", updates=[{"q": {"customer": 42}, "u": {"$inc": {"total": 1}}, "multi": True}]),
    "delete": command("delete", deletes=[{"q": {"at": {"$lt": datetime(2024, 1, 3, tzinfo=UTC)}}, "limit": 0}]),
    "find and modify": command("findAndModify", query={"_id": 7}, update={"$set": {"x": 1}}),
}


def without_machine(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_machine(item) for name, item in value.items() if name not in MACHINE}
    return [without_machine(item) for item in value] if isinstance(value, list) else value


def record(url: str) -> None:
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(url)
    version = client.server_info()["version"]
    db = client.plans
    client.drop_database("plans")
    fill(db)
    plans = {}
    for verbosity in ("executionStats", "queryPlanner"):
        for name, asked in COMMANDS.items():
            if verbosity == "queryPlanner" and name not in ("collscan", "group", "lookup"):
                continue
            told = db.command("explain", asked, verbosity=verbosity)
            key = name if verbosity == "executionStats" else f"{name}, planned"
            plans[key] = without_machine(
                json.loads(json_util.dumps(told, json_options=json_util.CANONICAL_JSON_OPTIONS))
            )
    client.drop_database("plans")
    into = HERE / version.rpartition(".")[0]
    into.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(plan)}" for name, plan in plans.items())
    (into / "plans.json").write_text(f"{{\n{lines}\n}}\n")
    print(f"MongoDB {version}: {len(plans)} plans")


if __name__ == "__main__":
    record(sys.argv[1])
