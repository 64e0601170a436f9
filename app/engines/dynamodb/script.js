// DynamoDB in scripts: `dynamo.getItem({...})`, `dynamo.query({...})`, every operation by its name, in the API's own JSON.
{
  /** A plain value in DynamoDB's typed JSON, and back; of an object or item, each of its values. */
  const typed = (value) => {
    if (value === null || value === undefined) return { NULL: true };
    if (typeof value === "number" || typeof value === "bigint") return { N: String(value) };
    if (typeof value === "boolean") return { BOOL: value };
    if (Array.isArray(value)) return { L: value.map(typed) };
    return typeof value === "object" ? { M: marshall(value) } : { S: String(value) };
  };
  const plainOf = (value) => {
    const [[kind, held]] = Object.entries(value);
    if (kind === "N") return Number(held);
    if (kind === "NS") return held.map(Number);
    if (kind === "NULL") return null;
    if (kind === "L") return held.map(plainOf);
    return kind === "M" ? unmarshall(held) : held;
  };
  const marshall = (item) => Object.fromEntries(Object.entries(item).map(([name, value]) => [name, typed(value)]));
  const unmarshall = (item) => item && Object.fromEntries(Object.entries(item).map(([name, value]) => [name, plainOf(value)]));
  publish("marshall", marshall);
  publish("unmarshall", unmarshall);

  const client = (link) =>
    methods({}, (name) => async (parameters = {}) => {
      const operation = name[0].toUpperCase() + name.slice(1);
      return callEngine("dynamodb", `${operation} ${toJson(parameters)}`, { operation, parameters }, link);
    });
  publish("dynamo", client());
}
