// Redis in scripts: `redis.get(key)`, and any other command by its name; `redis.call("CONFIG", "GET", "maxmemory")` for those of two words.
{
  /** Lists and objects are laid out flat: hset("user:1", { name: "Ada" }), del(["a", "b"]). */
  const words = (values) =>
    values.flatMap((value) => {
      if (Array.isArray(value)) return words(value);
      if (value !== null && typeof value === "object") return words(Object.entries(value));
      if (value === null || value === undefined) throw new TypeError("A Redis command has no place for null or undefined.");
      return [String(value)];
    });

  const client = (link) => {
    const call = async (...values) => {
      const sent = words(values);
      return callEngine("redis", sent.join(" "), { words: sent }, link);
    };
    return methods({ call }, (name) => (...values) => call(name.toUpperCase(), ...values));
  };
  const shared = client();
  publish("redis", methods({ call: shared.call, connect: () => connectTo("redis", client) }, (name) => shared[name]));
}
