// Calls every method of an npm SDK on a sandbox process: each answer has its declared type, and holds what it must.
// An expectation is a value; a type (String, Number, Object); ANY, for anything but null; an object, whose members
// must be found; or a list, each of whose entries one entry fits.
const { spawn } = require("node:child_process");
const path = require("node:path");
const readline = require("node:readline");
const { Types } = require("./npm_types.cjs");

const KEY = "example-key";
const ANY = Symbol("anything");
const ROOT = path.join(__dirname, "../..");

async function startSandbox() {
  const words = ["-m", "polytomic_mcp", "sandbox", "--key", KEY];
  const child = spawn(path.join(ROOT, ".venv/dev/bin/python"), words, { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of readline.createInterface({ input: child.stdout })) {
    return { address: line.match(/http:\/\/\S+/)[0], stop: () => child.kill() };
  }
  throw new Error("the sandbox did not start");
}

class Witness {
  constructor(client, folder) {
    this.client = client;
    this.types = new Types(folder, client.constructor.name);
    this.called = new Set();
    this.wrong = [];
  }

  async call(name, expected, ...given) {
    this.called.add(name);
    const names = name.split(".");
    const method = names.pop();
    const answer = await names.reduce((part, each) => part[each], this.client)[method](...given);
    const problems = [...this.types.wrong(name, answer), ...differences(answer, expected, "answer")];
    this.wrong.push(...problems.map((problem) => `${name}: ${problem}`));
    return answer;
  }

  // Call a method that must throw an error with this status and, in its body, this text.
  async refused(name, status, text, ...given) {
    try {
      await this.call(name, ANY, ...given);
      this.wrong.push(`${name}: was not refused`);
    } catch (error) {
      const said = JSON.stringify(error.body ?? error.message);
      if (error.statusCode !== status || !said.includes(text)) this.wrong.push(`${name}: ${error.statusCode} ${said}`);
    }
  }

  // Print the outcome, and return the exit code.
  finish(client) {
    const names = [...methods(this.client)];
    this.wrong.push(...names.filter((name) => !this.called.has(name)).map((name) => `${name}: was not called`));
    const bad = new Set(this.wrong.map((problem) => problem.split(":")[0]));
    const right = names.filter((name) => !bad.has(name)).length;
    const line = [`${right} of ${names.length} methods answer right`, ...this.wrong].join("\n       ");
    console.log(`${this.wrong.length ? "FAILED" : "ok    "} ${client.padEnd(24)} ${line}`);
    return this.wrong.length ? 1 : 0;
  }
}

function differences(found, expected, place) {
  if (expected === ANY) return found === null || found === undefined ? [`${place} is missing`] : [];
  if (typeof expected === "function") {
    return found !== null && Object(found) instanceof expected ? [] : [`${place} is ${shown(found)}, not a ${expected.name}`];
  }
  if (Array.isArray(expected) && Array.isArray(found)) {
    const fits = (each) => found.some((entry) => differences(entry, each, "").length === 0);
    return expected.filter((each) => !fits(each)).map((each) => `${place} has no ${shown(each)} in ${shown(found)}`);
  }
  if (isObject(expected) && isObject(found)) {
    return Object.keys(expected).flatMap((name) => differences(found[name], expected[name], `${place}.${name}`));
  }
  return found === expected ? [] : [`${place} is ${shown(found)}, not ${shown(expected)}`];
}

function* methods(client, above = "") {
  // A client's resources are getters, and a resource's methods are functions, of their prototypes.
  const members = Object.getOwnPropertyDescriptors(Object.getPrototypeOf(client));
  for (const [name, member] of Object.entries(members)) {
    if (member.get) yield* methods(client[name], `${above}${name}.`);
    else if (name !== "constructor" && !name.startsWith("_")) yield `${above}${name}`;
  }
}

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const shown = (value) => String(JSON.stringify(value)).slice(0, 400);

module.exports = { ANY, KEY, Witness, startSandbox };
