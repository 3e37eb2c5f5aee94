// Compares JSON with what the official SDK's TypeScript declarations say of it.
import ts from "typescript";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const file = join(dirname(fileURLToPath(import.meta.url)), "declared.ts");

/**
 * Reads types, each an expression such as `import("@metronome/sdk/resources/shared").ContractV2`, under names of one's own.
 * Answers a function (name, value) → faults: a member that is missing, or that is not of its type. Members that no type knows are no faults.
 */
export function declarations(types) {
  const text = Object.entries(types).map(([name, type]) => `export type ${name} = ${type};`).join("\n");
  const options = { strict: true, noEmit: true, skipLibCheck: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.getSourceFile = (name, ...rest) => (name === file ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true) : getSourceFile.call(host, name, ...rest));
  host.fileExists = (name) => name === file || fileExists.call(host, name);
  host.readFile = (name) => (name === file ? text : readFile.call(host, name));
  const program = ts.createProgram([file], options, host), checker = program.getTypeChecker();
  const wrong = program.getSemanticDiagnostics(program.getSourceFile(file));
  if (wrong.length > 0) throw new Error(ts.flattenDiagnosticMessageText(wrong[0].messageText, "\n"));
  const declared = Object.fromEntries(program.getSourceFile(file).statements.map((s) => [s.name.text, checker.getTypeAtLocation(s.name)]));
  return (name, value) => faults(checker, declared[name], value, name);
}

function faults(checker, type, value, at) {
  const is = (flag) => (type.flags & flag) !== 0;
  const not = (what) => [`${at}: ${what} is declared, not ${JSON.stringify(value)?.slice(0, 80)}`];
  if (is(ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return [];
  if (type.isUnion()) {
    const tried = type.types.map((one) => ({ one, found: faults(checker, one, value, at) }));
    if (tried.some((t) => t.found.length === 0)) return [];
    // What comes nearest says most: not that it is no null, but what is wrong inside.
    const near = tried.filter((t) => !(t.one.flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Null)));
    return near.length === 1 ? near[0].found : [`${at}: none of what is declared: ${near.map((t) => t.found[0]).join(" / ")}`];
  }
  if (is(ts.TypeFlags.Undefined)) return value === undefined ? [] : not("nothing");
  if (is(ts.TypeFlags.Null)) return value === null ? [] : not("null");
  if (type.isStringLiteral()) return value === type.value ? [] : not(`"${type.value}"`);
  if (is(ts.TypeFlags.StringLike)) return typeof value === "string" ? [] : not("a string");
  if (is(ts.TypeFlags.NumberLike)) return typeof value === "number" ? [] : not("a number");
  if (is(ts.TypeFlags.BooleanLiteral)) return value === (type.intrinsicName === "true") ? [] : not(type.intrinsicName);
  if (checker.isArrayType(type))
    return Array.isArray(value) ? value.flatMap((one, i) => faults(checker, checker.getTypeArguments(type)[0], one, `${at}[${i}]`)) : not("a list");
  if (typeof value !== "object" || value === null || Array.isArray(value)) return not("an object");
  const values = checker.getIndexTypeOfType(type, ts.IndexKind.String);
  return [
    ...checker.getPropertiesOfType(type).flatMap((property) => {
      const own = value[property.name];
      if (own === undefined) return property.flags & ts.SymbolFlags.Optional ? [] : [`${at}.${property.name} is missing`];
      return faults(checker, checker.getTypeOfSymbol(property), own, `${at}.${property.name}`);
    }),
    ...(values ? Object.entries(value).flatMap(([key, one]) => faults(checker, values, one, `${at}.${key}`)) : []),
  ];
}
