// Bundles the page into the package: `make studio-assets`. The same sources give the same bytes.
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const out = process.argv[2] ?? "../engine/crossdock/studio/assets";
const bundled = await build({
  entryPoints: ["src/studio.js", "src/studio.css"],
  outdir: out,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "inline",
  logLevel: "warning",
  metafile: true,
});
for (const name of ["index.html", "icon.svg"]) copyFileSync(`src/${name}`, `${out}/${name}`);

// The packages that are in the bundle, with their licences.
const names = Object.keys(bundled.metafile.inputs).map((file) => file.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1]);
const notices = [...new Set(names.filter(Boolean))].sort().map((name) => {
  const { version, license } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8"));
  const file = `node_modules/${name}/LICENSE`;
  return `${name} ${version} (${license})\n\n${existsSync(file) ? readFileSync(file, "utf8").trim() : ""}\n`;
});
writeFileSync(`${out}/licenses.txt`, notices.join(`\n${"-".repeat(70)}\n\n`));
