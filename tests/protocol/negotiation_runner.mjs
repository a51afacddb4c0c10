// Runs scenarios from standard input through the page's negotiation machine: node negotiation_runner.mjs FILE run|table
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [file, mode] = process.argv.slice(2);
const source = readFileSync(file, "utf8");
const page = await import(`data:text/javascript,${encodeURIComponent(source)}`).catch(() => import(pathToFileURL(file).href));
const scenarios = JSON.parse(readFileSync(0, "utf8"));

if (mode === "table") {
  console.log(JSON.stringify(page.TABLE));
} else {
  console.log(JSON.stringify(scenarios.map((scenario) => {
    let state = page.begin(scenario.polite);
    return scenario.steps.map((step) => {
      const done = page.advance(state, step.event);
      state = done.state;
      return done.actions;
    });
  })));
}
