// PostgreSQL in scripts: `pg.query(sql, parameters)` gives { rows, rowCount }, as node-postgres does.
{
  const NUMBERS = new Set(["int2", "int4", "float4", "float8", "oid", "smallint", "integer", "real", "double precision"]);
  const LONG = new Set(["int8", "bigint"]);
  const JSONS = new Set(["json", "jsonb"]);

  /** A value in the text form that PostgreSQL reads. */
  const written = (value) => {
    if (value === null || value === undefined) return null;
    if (Array.isArray(value)) return `{${value.map(element).join(",")}}`;
    if (value instanceof Date) return value.toISOString();
    return typeof value === "object" ? toJson(value) : String(value);
  };
  const element = (value) => {
    if (Array.isArray(value)) return written(value);
    const text = written(value);
    return text === null ? "NULL" : `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  };

  const read = (text, type) => {
    if (text === null) return null;
    if (NUMBERS.has(type)) return Number(text);
    if (LONG.has(type)) return Number.isSafeInteger(Number(text)) ? Number(text) : text;
    if (type === "bool" || type === "boolean") return text === "t" || text === "true";
    return JSONS.has(type) ? fromJson(text) : text;
  };

  const answered = ({ columns, rows, status, rowCount }) => ({
    rows: (rows ?? []).map((row) => Object.fromEntries(row.map((text, at) => [columns[at][0], read(text, columns[at][1])]))),
    rowCount,
    ...(status ? { status } : {}),
  });

  const client = (link) => ({
    query: async (sql, parameters = []) => {
      const values = Array.from(parameters, written);
      const shown = values.length ? `  ${toJson(values)}` : "";
      return answered(await callEngine("postgres", `${sql}${shown}`, { sql: String(sql), parameters: values }, link));
    },
  });
  publish("pg", { ...client(), connect: () => connectTo("postgres", client) });
}
