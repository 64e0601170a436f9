// Bundles the front end into static/dist: hashed names, and manifest.json from plain names to them.
import { build, context } from "esbuild";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const dist = join(here, "dist");
const watching = process.argv.includes("--watch");

const shared = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  target: ["es2022", "chrome115", "firefox125", "safari17"],
  outdir: dist,
  write: false,
  metafile: true,
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  loader: { ".woff2": "file", ".svg": "file" },
  legalComments: "none",
  logLevel: "warning",
};

const builds = [
  // Modules share chunks; the editor and its languages load when a page has an editor.
  {
    ...shared,
    format: "esm",
    splitting: true,
    entryPoints: [
      { in: "static/js/app.js", out: "app" },
      { in: "static/js/editor/setup.js", out: "editor" },
      { in: "static/css/app.css", out: "app" },
    ],
  },
  // Runs before the first paint, so it is small and no module.
  { ...shared, format: "iife", entryPoints: { boot: "static/js/boot.js" } },
  // Fonts for pictures of shared playgrounds, which the server draws: no browser loads them.
  {
    ...shared,
    loader: { ".ttf": "copy" },
    entryPoints: {
      "picture-mono": "node_modules/dejavu-fonts-ttf/ttf/DejaVuSansMono.ttf",
      "picture-bold": "node_modules/dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf",
      "picture-sans": "node_modules/dejavu-fonts-ttf/ttf/DejaVuSans.ttf",
    },
  },
  { ...shared, loader: { ".svg": "copy" }, entryPoints: { favicon: "static/icons/favicon.svg" } },
];

/** The plain name of an output: `app.js`, `style.css`, or the source's own name for fonts and pictures. */
function plainName(path, output) {
  const extension = path.slice(path.lastIndexOf("."));
  if (output.entryPoint) return basename(path).replace(/-[A-Z0-9]{8}(?=\.)/, "");
  const inputs = Object.keys(output.inputs);
  return extension === ".js" || inputs.length !== 1 ? null : basename(inputs[0]);
}

async function write(results) {
  const manifest = {};
  const files = new Map();
  const packages = new Set();
  for (const { metafile, outputFiles } of results) {
    for (const file of outputFiles) files.set(basename(file.path), file.contents);
    for (const [path, output] of Object.entries(metafile.outputs)) {
      const name = plainName(path, output);
      if (name) manifest[name] = basename(path);
    }
    for (const input of Object.keys(metafile.inputs)) {
      const name = input.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1];
      if (name) packages.add(name);
    }
  }
  files.set("licenses.txt", await licenses([...packages].sort()));
  const sorted = Object.fromEntries(Object.entries(manifest).sort());
  files.set("manifest.json", JSON.stringify(sorted, null, 2) + "\n");
  await mkdir(dist, { recursive: true });
  for (const [name, contents] of files) await writeFile(join(dist, name), contents);
  for (const name of await readdir(dist)) if (!files.has(name)) await rm(join(dist, name), { recursive: true });
  const bytes = [...files.values()].reduce((sum, contents) => sum + contents.length, 0);
  console.log(`${relative(root, dist)}: ${files.size} files, ${Math.round(bytes / 1000)} kB`);
}

/** The licenses of every package whose code is in the bundles. */
async function licenses(names) {
  const texts = [];
  for (const name of names) {
    const folder = join(root, "node_modules", name);
    const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file ? await readFile(join(folder, file), "utf8") : "";
    texts.push(`${name} ${version} (${license})\n\n${text.trim()}\n`);
  }
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}

async function buildAll() {
  await write(await Promise.all(builds.map((options) => build(options))));
}

if (watching) {
  let pending;
  const soon = { name: "soon", setup: ({ onEnd }) => onEnd(() => { clearTimeout(pending); pending = setTimeout(() => buildAll().catch(() => {}), 30); }) };
  for (const options of builds) await (await context({ ...options, plugins: [soon] })).watch();
} else {
  await buildAll();
}
