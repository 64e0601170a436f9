"""Calls that any DynamoDB answers alike, valid and not. Each is a statement; what is expected stands in the file beside this one."""

SETUP = """
CreateTable { TableName: "plain", BillingMode: "PAY_PER_REQUEST", KeySchema: [{AttributeName: "pk", KeyType: "HASH"}],
  AttributeDefinitions: [{AttributeName: "pk", AttributeType: "S"}] }
CreateTable { TableName: "ranged", BillingMode: "PAY_PER_REQUEST",
  KeySchema: [{AttributeName: "pk", KeyType: "HASH"}, {AttributeName: "sk", KeyType: "RANGE"}],
  AttributeDefinitions: [{AttributeName: "pk", AttributeType: "S"}, {AttributeName: "sk", AttributeType: "N"},
    {AttributeName: "g", AttributeType: "S"}, {AttributeName: "l", AttributeType: "N"}],
  GlobalSecondaryIndexes: [{IndexName: "by_g", KeySchema: [{AttributeName: "g", KeyType: "HASH"}, {AttributeName: "sk", KeyType: "RANGE"}],
    Projection: {ProjectionType: "INCLUDE", NonKeyAttributes: ["n"]}}],
  LocalSecondaryIndexes: [{IndexName: "by_l", KeySchema: [{AttributeName: "pk", KeyType: "HASH"}, {AttributeName: "l", KeyType: "RANGE"}],
    Projection: {ProjectionType: "ALL"}}] }
PutItem { TableName: "plain", Item: { pk: "a", n: 1, s: "text", b: {B: "AAEC"}, t: true, z: null, l: [1, "two", [3]], m: {x: {y: 1}, list: [1, 2]},
  ss: {SS: ["x", "y"]}, ns: {NS: [1, 2, 3]}, bs: {BS: ["AAE="]} } }
PutItem { TableName: "plain", Item: { pk: "c", n: 12345678901234567890123456789012345678 } }
BatchWriteItem { RequestItems: { ranged: [
  {PutRequest: {Item: {pk: "a", sk: 1, n: 10, g: "x", l: 3}}}, {PutRequest: {Item: {pk: "a", sk: 2, n: 20, g: "y", l: 2}}},
  {PutRequest: {Item: {pk: "a", sk: 3, n: 30, g: "x", l: 1}}}, {PutRequest: {Item: {pk: "a", sk: 10, n: 40}}},
  {PutRequest: {Item: {pk: "b", sk: -1.5, n: 50, g: "x"}}}] } }
"""

PLAIN = 'TableName: "plain"'
RANGED = 'TableName: "ranged"'
A = '{pk: "a"}'


def get(more: str = "", key: str = A) -> str:
    return f"GetItem {{ {PLAIN}, Key: {key}{', ' if more else ''}{more} }}"


def put(item: str, more: str = "") -> str:
    return f"PutItem {{ {PLAIN}, Item: {item}{', ' if more else ''}{more} }}"


def update(expression: str, more: str = "", key: str = '{pk: "u"}') -> str:
    return f'UpdateItem {{ {PLAIN}, Key: {key}, UpdateExpression: "{expression}", ReturnValues: "ALL_NEW"{", " if more else ""}{more} }}'


def query(condition: str, more: str = "", values: str = '":a": "a"') -> str:
    given = f", ExpressionAttributeValues: {{{values}}}" if values else ""
    return f'Query {{ {RANGED}, KeyConditionExpression: "{condition}"{given}{", " if more else ""}{more} }}'


def scan(expression: str, values: str = '":v": 20', more: str = "") -> str:
    given = f", ExpressionAttributeValues: {{{values}}}" if values else ""
    return f'Scan {{ {RANGED}, FilterExpression: "{expression}"{given}, ProjectionExpression: "pk, sk"{", " if more else ""}{more} }}'


def create(name: str = "new", **parts: str) -> str:
    given = {
        "KeySchema": '[{AttributeName: "pk", KeyType: "HASH"}]',
        "AttributeDefinitions": '[{AttributeName: "pk", AttributeType: "S"}]',
        "BillingMode": '"PAY_PER_REQUEST"',
    } | parts
    inner = ", ".join(f"{name}: {value}" for name, value in given.items() if value)
    return f'CreateTable {{ TableName: "{name}", {inner} }}'


V = 'ExpressionAttributeValues: {":v": 1}'
CONDITION = 'ConditionExpression: "{}"'

CALLS: dict[str, str] = {
    # GetItem
    "get": get('ProjectionExpression: "pk, n"'),
    "get nothing": get(key='{pk: "no"}'),
    "get consistent": get('ConsistentRead: true, ProjectionExpression: "s"'),
    "get nested": get('ProjectionExpression: "m.x.y, l[1], l[2][0]"'),
    "get nested that is not there": get('ProjectionExpression: "m.q.y, l[9]"'),
    "get by a name": get('ProjectionExpression: "#s", ExpressionAttributeNames: {"#s": "s"}'),
    "get 38 digits": get(key='{pk: "c"}'),
    "get sets and binaries": get('ProjectionExpression: "ss, ns, bs, b"'),
    "get unused name": get('ExpressionAttributeNames: {"#s": "s"}'),
    "get unused name beside": get('ProjectionExpression: "s", ExpressionAttributeNames: {"#s": "s"}'),
    "get undefined name": get('ProjectionExpression: "#no"'),
    "get name without #": get('ProjectionExpression: "s", ExpressionAttributeNames: {"s": "s"}'),
    "get overlapping paths": get('ProjectionExpression: "m, m.x"'),
    "get reserved word": get('ProjectionExpression: "size"'),
    "get reserved name": get('ProjectionExpression: "name"'),
    "get empty projection": get('ProjectionExpression: ""'),
    "get broken projection": get('ProjectionExpression: "a b"'),
    "get legacy and new": get('ProjectionExpression: "s", AttributesToGet: ["s"]'),
    "get wrong key type": get(key="{pk: 1}"),
    "get wrong key name": get(key='{no: "a"}'),
    "get too many keys": get(key='{pk: "a", sk: 1}'),
    "get half a key": f'GetItem {{ {RANGED}, Key: {{pk: "a"}} }}',
    "get empty key": get(key='{pk: ""}'),
    "get empty key map": get(key="{}"),
    "get no table": 'GetItem { TableName: "missing", Key: {pk: "a"} }',
    "get bad table name": 'GetItem { TableName: "a b c", Key: {pk: "a"} }',
    "get short table name": 'GetItem { TableName: "ab", Key: {pk: "a"} }',
    "get no key": f"GetItem {{ {PLAIN} }}",
    # PutItem
    "put": put('{pk: "p1", n: 1}'),
    "put returns old": put('{pk: "p1", n: 2}', 'ReturnValues: "ALL_OLD"'),
    "put returns new": put('{pk: "p1"}', 'ReturnValues: "ALL_NEW"'),
    "put without key": put("{n: 1}"),
    "put wrong key type": put("{pk: 1}"),
    "put empty key": put('{pk: ""}'),
    "put empty string attribute": put('{pk: "p2", s: ""}'),
    "put empty set": put('{pk: "p2", s: {SS: []}}'),
    "put set with doubles": put('{pk: "p2", s: {SS: ["a", "a"]}}'),
    "put set of numbers equal": put('{pk: "p2", s: {NS: [1, 1.0]}}'),
    "put set with empty string": put('{pk: "p2", s: {SS: [""]}}'),
    "put 39 digits": put('{pk: "p2", n: 123456789012345678901234567890123456789}'),
    "put 1e126": put('{pk: "p2", n: 1e126}'),
    "put 1e-131": put('{pk: "p2", n: 1e-131}'),
    "put not a number": put('{pk: "p2", n: {N: "abc"}}'),
    "put null false": put('{pk: "p2", n: {NULL: false}}'),
    "put condition met": put('{pk: "p3"}', CONDITION.format("attribute_not_exists(pk)")),
    "put condition not met": put('{pk: "a"}', CONDITION.format("attribute_not_exists(pk)")),
    "put condition with item": put(
        '{pk: "c"}', CONDITION.format("attribute_not_exists(pk)") + ', ReturnValuesOnConditionCheckFailure: "ALL_OLD"'
    ),
    "put undefined value": put('{pk: "p4"}', CONDITION.format("n = :v")),
    "put unused value": put('{pk: "p4"}', CONDITION.format("attribute_not_exists(pk)") + ", " + V),
    "put values without expression": put('{pk: "p4"}', V),
    "put value without colon": put('{pk: "p4"}', CONDITION.format("n = :v") + ', ExpressionAttributeValues: {"v": 1}'),
    "put empty condition": put('{pk: "p4"}', CONDITION.format("")),
    "put broken condition": put('{pk: "p4"}', CONDITION.format("n = = :v") + ", " + V),
    "put unknown function": put('{pk: "p4"}', CONDITION.format("exists(pk)")),
    "put wrong number of operands": put('{pk: "p4"}', CONDITION.format("attribute_exists(pk, n)")),
    "put index key of wrong type": f'PutItem {{ {RANGED}, Item: {{pk: "q", sk: 1, g: 5}} }}',
    "put empty index key": f'PutItem {{ {RANGED}, Item: {{pk: "q", sk: 1, g: ""}} }}',
    "put too large": put(f'{{pk: "p5", s: "{"x" * 410_000}"}}'),
    "put partition key of 2049 bytes": put(f'{{pk: "{"x" * 2_049}"}}'),
    "put sort key type": f'PutItem {{ {RANGED}, Item: {{pk: "q", sk: "1"}} }}',
    # UpdateItem
    "update set": update("SET n = :v", V),
    "update plus": update("SET n = n + :v", V),
    "update minus": update("SET n = n - :v", V),
    "update if_not_exists": update("SET q = if_not_exists(q, :v), n = if_not_exists(n, :v)", V),
    "update list_append": update("SET l = list_append(:v, :v)", 'ExpressionAttributeValues: {":v": [1]}'),
    "update list element": update("SET l[0] = :v, l[9] = :v", V),
    "update remove": update("REMOVE l[0], q"),
    "update add number": update("ADD n :v", V),
    "update add set": update("ADD s :v", 'ExpressionAttributeValues: {":v": {SS: ["a", "b"]}}'),
    "update delete from set": update("DELETE s :v", 'ExpressionAttributeValues: {":v": {SS: ["a"]}}'),
    "update nested map": update("SET m = :v", "ExpressionAttributeValues: {':v': {x: {y: 1}}}"),
    "update nested path": update("SET m.x.z = :v", V),
    "update missing path": update("SET nope.x = :v", V),
    "update key": update("SET pk = :v", 'ExpressionAttributeValues: {":v": "z"}'),
    "update overlapping": update("SET n = :v, n = :v", V),
    "update overlapping paths": update("SET m = :v, m.x = :v", V),
    "update two SETs": update("SET n = :v SET q = :v", V),
    "update empty": update(""),
    "update syntax": update("SET n + :v", V),
    "update undefined attribute": update("SET n = nothing + :v", V),
    "update adds text": update("SET n = n + :v", 'ExpressionAttributeValues: {":v": "x"}'),
    "update ADD to text": update("ADD m :v", V),
    "update ADD of text": update("ADD q :v", 'ExpressionAttributeValues: {":v": "x"}'),
    "update DELETE of number": update("DELETE s :v", V),
    "update list_append of number": update("SET l = list_append(l, :v)", V),
    "update reserved word": update("SET name = :v", V),
    "update condition not met": update("SET n = :v", V + ', ConditionExpression: "n > :v AND n < :v"'),
    "update condition with item": update(
        "SET n = :v", V + ', ConditionExpression: "n < :v", ReturnValuesOnConditionCheckFailure: "ALL_OLD"'
    ),
    "update returns UPDATED_NEW": f'UpdateItem {{ {PLAIN}, Key: {{pk: "u"}}, UpdateExpression: "SET n = :v", ReturnValues: "UPDATED_NEW", {V} }}',
    "update returns UPDATED_OLD": f'UpdateItem {{ {PLAIN}, Key: {{pk: "u"}}, UpdateExpression: "SET n = :v", ReturnValues: "UPDATED_OLD", {V} }}',
    "update legacy": f'UpdateItem {{ {PLAIN}, Key: {{pk: "u2"}}, AttributeUpdates: {{n: {{Value: 5, Action: "PUT"}}}}, ReturnValues: "ALL_NEW" }}',
    "update set to empty set": update("SET s = :v", 'ExpressionAttributeValues: {":v": {SS: []}}'),
    "update index key to wrong type": f'UpdateItem {{ {RANGED}, Key: {{pk: "a", sk: 1}}, UpdateExpression: "SET g = :v", {CONDITION.format("attribute_not_exists(pk)")}, {V} }}',
    # DeleteItem
    "delete": f'DeleteItem {{ {PLAIN}, Key: {{pk: "p1"}}, ReturnValues: "ALL_OLD" }}',
    "delete nothing": f'DeleteItem {{ {PLAIN}, Key: {{pk: "p1"}}, ReturnValues: "ALL_OLD" }}',
    "delete condition not met": f'DeleteItem {{ {PLAIN}, Key: {A}, ConditionExpression: "n > :v", {V} }}',
    "delete returns new": f'DeleteItem {{ {PLAIN}, Key: {A}, ReturnValues: "ALL_NEW" }}',
    # Query
    "query partition": query("pk = :a"),
    "query =": query("pk = :a AND sk = :s", values='":a": "a", ":s": 2'),
    "query <": query("pk = :a AND sk < :s", values='":a": "a", ":s": 3'),
    "query <=": query("pk = :a AND sk <= :s", values='":a": "a", ":s": 3'),
    "query >": query("pk = :a AND sk > :s", values='":a": "a", ":s": 2'),
    "query between": query("pk = :a AND sk BETWEEN :s AND :t", values='":a": "a", ":s": 2, ":t": 5'),
    "query between reversed": query("pk = :a AND sk BETWEEN :s AND :t", values='":a": "a", ":s": 5, ":t": 2'),
    "query backwards": query("pk = :a", "ScanIndexForward: false"),
    "query limit": query("pk = :a", "Limit: 2"),
    "query limit 0": query("pk = :a", "Limit: 0"),
    "query from a key": query("pk = :a", 'ExclusiveStartKey: {pk: "a", sk: 2}'),
    "query from a broken key": query("pk = :a", 'ExclusiveStartKey: {pk: "a"}'),
    "query from another partition": query("pk = :a", 'ExclusiveStartKey: {pk: "b", sk: 2}'),
    "query filter": query("pk = :a", 'FilterExpression: "n > :n"', '":a": "a", ":n": 20'),
    "query filter on key": query("pk = :a", 'FilterExpression: "sk > :n"', '":a": "a", ":n": 20'),
    "query count": query("pk = :a", 'Select: "COUNT"'),
    "query GSI": query("g = :a", 'IndexName: "by_g"', '":a": "x"'),
    "query GSI range": query("g = :a AND sk > :s", 'IndexName: "by_g"', '":a": "x", ":s": 1'),
    "query GSI consistent": query("g = :a", 'IndexName: "by_g", ConsistentRead: true', '":a": "x"'),
    "query GSI all attributes": query("g = :a", 'IndexName: "by_g", Select: "ALL_ATTRIBUTES"', '":a": "x"'),
    "query LSI": query("pk = :a", 'IndexName: "by_l", ProjectionExpression: "sk"'),
    "query LSI consistent": query(
        "pk = :a AND l > :l", 'IndexName: "by_l", ConsistentRead: true', '":a": "a", ":l": 1'
    ),
    "query no index": query("pk = :a", 'IndexName: "nothing"'),
    "query on other attribute": query("n = :a", values='":a": 1'),
    "query without partition": query("sk = :a", values='":a": 1'),
    "query partition by <": query("pk < :a"),
    "query with OR": query("pk = :a OR pk = :b", values='":a": "a", ":b": "b"'),
    "query with <>": query("pk = :a AND sk <> :s", values='":a": "a", ":s": 1'),
    "query with NOT": query("NOT pk = :a"),
    "query with IN": query("pk IN (:a)"),
    "query key twice": query("pk = :a AND pk = :b", values='":a": "a", ":b": "a"'),
    "query three conditions": query("pk = :a AND sk = :s AND n = :s", values='":a": "a", ":s": 1'),
    "query begins_with on number": query("pk = :a AND begins_with(sk, :s)", values='":a": "a", ":s": 1'),
    "query wrong key type": query("pk = :a", values='":a": 5'),
    "query no condition": f"Query {{ {RANGED} }}",
    "query value missing": query("pk = :a", values='":b": 5'),
    "query unused value": query("pk = :a", values='":a": "a", ":b": 5'),
    "query function on key": query("size(pk) = :a", values='":a": 1'),
    # Scan
    "scan": f'Scan {{ {RANGED}, ProjectionExpression: "pk, sk" }}',
    "scan limit": f"Scan {{ {RANGED}, Limit: 2 }}",
    "scan filter =": scan("n = :v"),
    "scan filter <>": scan("n <> :v"),
    "scan filter and": scan("n >= :v AND g = :g", '":v": 20, ":g": "x"'),
    "scan filter or": scan("n = :v OR g = :g", '":v": 20, ":g": "x"'),
    "scan filter not": scan("NOT n = :v"),
    "scan filter in": scan("n IN (:v, :w)", '":v": 20, ":w": 40'),
    "scan filter between": scan("n BETWEEN :v AND :w", '":v": 20, ":w": 40'),
    "scan filter exists": scan("attribute_exists(g)", ""),
    "scan filter type": scan("attribute_type(n, :t)", '":t": "N"'),
    "scan filter wrong type": scan("attribute_type(n, :t)", '":t": "X"'),
    "scan filter contains": scan("contains(g, :t)", '":t": "x"'),
    "scan filter size": scan("size(g) = :v", '":v": 1'),
    "scan filter redundant brackets": scan("((n = :v))"),
    "scan filter same operand": scan("n = n", ""),
    "scan filter on missing": scan("no = :v"),
    "scan index": f'Scan {{ {RANGED}, IndexName: "by_g" }}',
    "scan count": f'Scan {{ {RANGED}, Select: "COUNT" }}',
    "scan segment": f"Scan {{ {RANGED}, Segment: 0, TotalSegments: 1 }}",
    "scan segment too far": f"Scan {{ {RANGED}, Segment: 2, TotalSegments: 2 }}",
    "scan segment without total": f"Scan {{ {RANGED}, Segment: 0 }}",
    "scan total without segment": f"Scan {{ {RANGED}, TotalSegments: 2 }}",
    "scan select projection": f'Scan {{ {RANGED}, Select: "ALL_ATTRIBUTES", ProjectionExpression: "pk" }}',
    "scan select specific": f'Scan {{ {RANGED}, Select: "SPECIFIC_ATTRIBUTES" }}',
    "scan select projected": f'Scan {{ {RANGED}, Select: "ALL_PROJECTED_ATTRIBUTES" }}',
    "scan no table": 'Scan { TableName: "missing" }',
    # Batches
    "batch get": 'BatchGetItem { RequestItems: { plain: { Keys: [{pk: "c"}, {pk: "no"}] } } }',
    "batch get doubles": 'BatchGetItem { RequestItems: { plain: { Keys: [{pk: "c"}, {pk: "c"}] } } }',
    "batch get no table": 'BatchGetItem { RequestItems: { missing: { Keys: [{pk: "c"}] } } }',
    "batch get empty": "BatchGetItem { RequestItems: { } }",
    "batch get no keys": "BatchGetItem { RequestItems: { plain: { Keys: [] } } }",
    "batch get wrong key": "BatchGetItem { RequestItems: { plain: { Keys: [{no: 1}] } } }",
    "batch write": 'BatchWriteItem { RequestItems: { plain: [{PutRequest: {Item: {pk: "w"}}}, {DeleteRequest: {Key: {pk: "no"}}}] } }',
    "batch write doubles": 'BatchWriteItem { RequestItems: { plain: [{PutRequest: {Item: {pk: "w"}}}, {DeleteRequest: {Key: {pk: "w"}}}] } }',
    "batch write empty": "BatchWriteItem { RequestItems: { } }",
    "batch write no requests": "BatchWriteItem { RequestItems: { plain: [] } }",
    "batch write both": 'BatchWriteItem { RequestItems: { plain: [{PutRequest: {Item: {pk: "w"}}, DeleteRequest: {Key: {pk: "v"}}}] } }',
    "batch write without key": "BatchWriteItem { RequestItems: { plain: [{PutRequest: {Item: {n: 1}}}] } }",
    # Transactions
    "transact write": 'TransactWriteItems { TransactItems: [{Put: {TableName: "plain", Item: {pk: "t1"}}}, '
    '{Update: {TableName: "plain", Key: {pk: "t2"}, UpdateExpression: "SET n = :v", ExpressionAttributeValues: {":v": 1}}}] }',
    "transact write cancelled": 'TransactWriteItems { TransactItems: [{Put: {TableName: "plain", Item: {pk: "t3"}}}, '
    '{ConditionCheck: {TableName: "plain", Key: {pk: "no"}, ConditionExpression: "attribute_exists(pk)"}}] }',
    "transact write same item": 'TransactWriteItems { TransactItems: [{Put: {TableName: "plain", Item: {pk: "t4"}}}, '
    '{Delete: {TableName: "plain", Key: {pk: "t4"}}}] }',
    "transact write two actions": 'TransactWriteItems { TransactItems: [{Put: {TableName: "plain", Item: {pk: "t5"}}, '
    'Delete: {TableName: "plain", Key: {pk: "t6"}}}] }',
    "transact write no items": "TransactWriteItems { TransactItems: [] }",
    "transact write no table": 'TransactWriteItems { TransactItems: [{Put: {TableName: "missing", Item: {pk: "t7"}}}] }',
    "transact get": 'TransactGetItems { TransactItems: [{Get: {TableName: "plain", Key: {pk: "t1"}}}, {Get: {TableName: "plain", Key: {pk: "no"}}}] }',
    "transact get same item": 'TransactGetItems { TransactItems: [{Get: {TableName: "plain", Key: {pk: "c"}}}, {Get: {TableName: "plain", Key: {pk: "c"}}}] }',
    # Tables
    "create": create("made1"),
    "create again": create("plain"),
    "create without definition": create(AttributeDefinitions='[{AttributeName: "no", AttributeType: "S"}]'),
    "create with definition too many": create(
        AttributeDefinitions='[{AttributeName: "pk", AttributeType: "S"}, {AttributeName: "n", AttributeType: "N"}]'
    ),
    "create two hash keys": create(
        KeySchema='[{AttributeName: "pk", KeyType: "HASH"}, {AttributeName: "n", KeyType: "HASH"}]',
        AttributeDefinitions='[{AttributeName: "pk", AttributeType: "S"}, {AttributeName: "n", AttributeType: "N"}]',
    ),
    "create range first": create(KeySchema='[{AttributeName: "pk", KeyType: "RANGE"}]'),
    "create key of map": create(AttributeDefinitions='[{AttributeName: "pk", AttributeType: "M"}]'),
    "create no throughput": create(BillingMode=""),
    "create throughput on demand": create(ProvisionedThroughput="{ReadCapacityUnits: 1, WriteCapacityUnits: 1}"),
    "create throughput 0": create(
        BillingMode="", ProvisionedThroughput="{ReadCapacityUnits: 0, WriteCapacityUnits: 1}"
    ),
    "create LSI without range": create(
        LocalSecondaryIndexes='[{IndexName: "lsi", KeySchema: [{AttributeName: "pk", KeyType: "HASH"}], Projection: {ProjectionType: "ALL"}}]'
    ),
    "create index twice": create(
        GlobalSecondaryIndexes=f"[{', '.join(['''{IndexName: 'gsi', KeySchema: [{AttributeName: 'pk', KeyType: 'HASH'}], Projection: {ProjectionType: 'ALL'}}'''] * 2)}]"
    ),
    "create index no indexes": create(GlobalSecondaryIndexes="[]"),
    "create bad name": create("a!b"),
    "create index without projection type": create(
        GlobalSecondaryIndexes='[{IndexName: "gsi", KeySchema: [{AttributeName: "pk", KeyType: "HASH"}], Projection: {}}]'
    ),
    "describe no table": 'DescribeTable { TableName: "missing" }',
    "delete no table": 'DeleteTable { TableName: "missing" }',
    "update nothing": f"UpdateTable {{ {PLAIN} }}",
    "update no table": 'UpdateTable { TableName: "missing", DeletionProtectionEnabled: true }',
    "ttl": f'UpdateTimeToLive {{ {PLAIN}, TimeToLiveSpecification: {{Enabled: true, AttributeName: "ttl"}} }}',
    "ttl again": f'UpdateTimeToLive {{ {PLAIN}, TimeToLiveSpecification: {{Enabled: true, AttributeName: "ttl"}} }}',
    "ttl described": f"DescribeTimeToLive {{ {PLAIN} }}",
    "list": "ListTables",
    "list limit": "ListTables { Limit: 1 }",
    "list limit 101": "ListTables { Limit: 101 }",
    # PartiQL
    "partiql select": "SELECT n FROM ranged WHERE pk = 'a' AND sk = 1",
    "partiql select order": "SELECT sk FROM ranged WHERE pk = 'a' ORDER BY sk DESC",
    "partiql select order without key": "SELECT sk FROM ranged ORDER BY sk",
    "partiql select in": "SELECT sk FROM ranged WHERE pk IN ['a', 'b'] AND sk = 1",
    "partiql select index": "SELECT sk FROM ranged.by_g WHERE g = 'x' AND sk > 1",
    "partiql select no table": "SELECT * FROM missing",
    "partiql select nested": "SELECT m.x.y FROM plain WHERE pk = 'a'",
    "partiql select element": "SELECT l[1] FROM plain WHERE pk = 'a'",
    "partiql insert": "INSERT INTO plain VALUE {'pk': 'i1', 'n': 1, 'l': [1, {'a': true}], 's': <<'x'>>}",
    "partiql insert again": "INSERT INTO plain VALUE {'pk': 'i1'}",
    "partiql insert without key": "INSERT INTO plain VALUE {'n': 1}",
    "partiql update": "UPDATE plain SET n = n + 1 SET q = 'x' WHERE pk = 'i1' RETURNING ALL NEW *",
    "partiql update nothing there": "UPDATE plain SET n = 1 WHERE pk = 'nobody'",
    "partiql update without key": "UPDATE plain SET n = 1 WHERE n = 5",
    "partiql remove": "UPDATE plain REMOVE q WHERE pk = 'i1' RETURNING ALL NEW *",
    "partiql delete": "DELETE FROM plain WHERE pk = 'i1' RETURNING ALL OLD *",
    "partiql delete nothing": "DELETE FROM plain WHERE pk = 'i1'",
    "partiql delete without key": "DELETE FROM plain",
    "partiql broken": "SELEC * FROM plain",
    "partiql join": "SELECT * FROM plain, ranged",
    "partiql group": "SELECT COUNT(*) FROM plain",
}
