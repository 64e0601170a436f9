// The fake engine in scripts: beta.run("say hello").
{
  const client = (link) => ({ run: (text) => callEngine("beta", text, { text }, link) });
  publish("beta", { ...client(), connect: () => connectTo("beta", client) });
}
