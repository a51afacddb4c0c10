// Bundles the page's sources, packs the reader, and writes down what came from where. Usage: build.mjs ROOT TOOLS [--check]
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";

const [root, tools, mode] = process.argv.slice(2);
const require = createRequire(join(tools, "package.json"));
const esbuild = require("esbuild");
const shipped = join(root, "resources", "verify");
const sources = join(shipped, "src");
const out = mode === "--check" ? join(tools, "built") : shipped;
mkdirSync(out, { recursive: true });

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

for (const name of ["page", "worker"]) {
  const made = await esbuild.build({
    entryPoints: [join(sources, name === "page" ? "main.js" : "worker.js")],
    bundle: true,
    minify: true,
    charset: "utf8",
    format: "iife",
    target: ["chrome105", "firefox113", "safari16.4"],
    legalComments: "none",
    nodePaths: [join(tools, "node_modules")],
    write: false,
  });
  // Nothing that a browser could take for the end of the script it stands in.
  writeFileSync(join(out, `${name}.js`), made.outputFiles[0].text.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--"));
}

const wasm = readFileSync(join(tools, "node_modules/@contentauth/c2pa-wasm/pkg/c2pa_bg.wasm"));
const packed = gzipSync(wasm, { level: 9 });
packed[9] = 255; // the operating system's field: the same bytes wherever it is built
writeFileSync(join(out, "c2pa.wasm.gz"), packed);

const vendored = {};
let licences = "";
for (const name of ["@contentauth/c2pa-wasm", "@noble/curves", "@noble/hashes"]) {
  const folder = join(tools, "node_modules", name);
  const about = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  vendored[name] = { licence: about.license, version: about.version };
  const text = readFileSync(join(folder, "LICENSE"), "utf8");
  licences += `${name} ${about.version} (${about.license})\n\n${text.trim()}\n\n${"-".repeat(78)}\n\n`;
}
vendored["@contentauth/c2pa-wasm"].wasm_sha256 = sha256(wasm);
writeFileSync(join(out, "LICENCES.txt"), licences);

const digests = {};
for (const name of readdirSync(sources).sort()) {
  digests[`src/${name}`] = sha256(readFileSync(join(sources, name)));
}
for (const name of ["c2pa.wasm.gz", "page.js", "worker.js"]) {
  digests[name] = sha256(readFileSync(join(out, name)));
}
writeFileSync(join(out, "VENDORED.json"), `${JSON.stringify({ built_with: { esbuild: require("esbuild/package.json").version }, sha256: digests, vendored }, null, 2)}\n`);

if (mode === "--check") {
  const differs = ["page.js", "worker.js", "LICENCES.txt", "VENDORED.json"].filter((name) => !readFileSync(join(out, name)).equals(readFileSync(join(shipped, name))));
  if (differs.length) {
    process.stderr.write(`not built from their sources: ${differs.join(", ")} (run packaging/verify/build)\n`);
    process.exit(1);
  }
} else {
  process.stdout.write(`built in ${dirname(join(out, "page.js"))}: reader ${(packed.length / 1e6).toFixed(1)} MB\n`);
}
