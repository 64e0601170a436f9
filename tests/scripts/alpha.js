// The fake engine in scripts: alpha.run("say hello").
{
  const client = (link) => ({ run: (text) => callEngine("alpha", text, { text }, link) });
  publish("alpha", { ...client(), connect: () => connectTo("alpha", client) });
}
