// Holds a value against the type that a method of an npm package's client declares, with TypeScript's compiler.
const path = require("node:path");
const ts = require("typescript");

class Types {
  // The types of the class `name` that the package `folder` exports.
  constructor(folder, name) {
    const main = path.join(folder, "index.d.ts");
    const program = ts.createProgram([main], { strict: true, skipLibCheck: true });
    this.checker = program.getTypeChecker();
    this.source = program.getSourceFile(main);
    const exported = this.checker.getExportsOfModule(this.checker.getSymbolAtLocation(this.source));
    this.client = this.checker.getDeclaredTypeOfSymbol(
      this.checker.getAliasedSymbol(exported.find((each) => each.name === name)),
    );
  }

  // What is wrong with an answer of the method with this dotted name.
  wrong(method, answer) {
    let type = this.client;
    for (const part of method.split(".")) type = this.member(type, part);
    return this.problems(this.checker.getAwaitedType(type.getCallSignatures()[0].getReturnType()), answer, "answer");
  }

  member(type, name) {
    return this.checker.getTypeOfSymbolAtLocation(type.getProperty(name), this.source);
  }

  problems(type, value, place) {
    if (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return [];
    if (type.isUnion()) {
      const each = type.types.map((one) => this.problems(one, value, place));
      return each.some((found) => found.length === 0) ? [] : this.unlike(type, value, place);
    }
    if (type.flags & ts.TypeFlags.Object && value !== null && typeof value === "object") {
      return this.checker.isArrayType(type) ? this.ofList(type, value, place) : this.ofObject(type, value, place);
    }
    return this.isPlain(type, value) ? [] : this.unlike(type, value, place);
  }

  isPlain(type, value) {
    if (type.flags & (ts.TypeFlags.Void | ts.TypeFlags.Undefined)) return value === undefined;
    if (type.isStringLiteral()) return value === type.value;
    if (type.flags & ts.TypeFlags.BooleanLiteral) return String(value) === this.checker.typeToString(type);
    const names = [[ts.TypeFlags.String, "string"], [ts.TypeFlags.Number, "number"]];
    return names.some(([flag, name]) => type.flags & flag && typeof value === name);
  }

  ofList(type, value, place) {
    if (!Array.isArray(value)) return this.unlike(type, value, place);
    const [entry] = this.checker.getTypeArguments(type);
    return value.flatMap((each, at) => this.problems(entry, each, `${place}[${at}]`));
  }

  ofObject(type, value, place) {
    if (Array.isArray(value)) return this.unlike(type, value, place);
    const members = this.checker.getIndexTypeOfType(type, ts.IndexKind.String);
    if (members) return Object.keys(value).flatMap((name) => this.problems(members, value[name], `${place}.${name}`));
    return type.getProperties().flatMap((property) => {
      const found = value[property.name];
      // JSON's null stands for an optional member that is not set.
      if (property.flags & ts.SymbolFlags.Optional && (found === undefined || found === null)) return [];
      return this.problems(this.member(type, property.name), found, `${place}.${property.name}`);
    });
  }

  unlike(type, value, place) {
    return [`${place} is ${JSON.stringify(value)?.slice(0, 200)}, not ${this.checker.typeToString(type)}`];
  }
}

module.exports = { Types };
