// Reads lines of samples from standard input, gives the steps that the page would take. node yielding_runner.mjs PATH_OF_SOUND_FIRST_JS

import { readFileSync } from "node:fs";

const code = readFileSync(process.argv[2], "utf-8");
const { begin, judge } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
const out = JSON.parse(readFileSync(0, "utf-8")).map(({ expectedBps, samples }) => {
  let line = begin(0, expectedBps);
  const steps = [line.step];
  for (const sample of samples) {
    line = judge(line, sample);
    steps.push(line.step);
  }
  return steps;
});
console.log(JSON.stringify(out));
