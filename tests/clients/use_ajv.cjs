// AJV in strict mode: it compiles every schema, and real arguments and answers fit them.
// Usage: node use_ajv.cjs FILE, which answers.py wrote.
const { readFileSync } = require("node:fs");
const Ajv = require("ajv/dist/2020").default;

const { schemas, calls } = JSON.parse(readFileSync(process.argv[2], "utf8"));
// Strict also about types that a keyword needs, about tuples, and about required members without a schema.
const ajv = new Ajv({ strict: true, strictTypes: true, strictTuples: true, strictRequired: true, allErrors: true });
const names = Object.keys(schemas);
let failed = false;

function check(what, wrong) {
  failed ||= wrong.length > 0;
  console.log(`${wrong.length ? "FAILED" : "ok    "} ${"ajv".padEnd(24)} ${[what, ...wrong].join("\n       ")}`);
}

function compile(side) {
  const wrong = [];
  const compiled = {};
  for (const name of names) {
    try {
      compiled[name] = ajv.compile(schemas[name][side]);
    } catch (error) {
      wrong.push(`${name}: ${error.message}`);
    }
  }
  check(`${names.length} ${side} schemas are compiled in strict mode`, wrong);
  return compiled;
}

function fit(what, compiled, valueOf) {
  const wrong = calls
    .filter((call) => compiled[call.tool] && !compiled[call.tool](valueOf(call)))
    .map((call) => `${call.tool}: ${ajv.errorsText(compiled[call.tool].errors)}`);
  check(`the ${what} of ${calls.length} calls fit their schemas`, wrong);
}

fit("arguments", compile("input"), (call) => call.arguments);
fit("answers", compile("output"), (call) => call.answer);
const called = new Set(calls.map((call) => call.tool));
check("every tool was called", names.filter((name) => !called.has(name)));
process.exit(failed ? 1 : 0);
