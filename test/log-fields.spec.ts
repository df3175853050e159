import { join } from 'node:path';
import ts from 'typescript';
import { LOG_FIELDS } from '../src/http/json-logger';

const ROOT = join(__dirname, '..');
const LEVELS = ['log', 'error', 'warn', 'debug', 'verbose', 'fatal'];

interface LoggingCall {
  readonly place: string;
  readonly fields: readonly string[];
  /** Spread objects whose fields the compiler does not know. */
  readonly opaque: readonly string[];
}

/** What every call of a logger in src writes, as the compiler knows it: also what is spread or comes from a function. */
function loggingCalls(): LoggingCall[] {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.build.json'), (path) => ts.sys.readFile(path));
  const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const program = ts.createProgram(fileNames, options);
  const checker = program.getTypeChecker();
  const fieldsOf = (node: ts.Expression): string[] =>
    checker.getPropertiesOfType(checker.getTypeAtLocation(node)).map(({ name }) => name);
  const isLogger = (node: ts.Expression): boolean =>
    checker.getTypeAtLocation(node).getSymbol()?.getName() === 'Logger';

  const calls: LoggingCall[] = [];
  const visit = (node: ts.Node, source: ts.SourceFile): void => {
    ts.forEachChild(node, (child) => visit(child, source));
    if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return;
    const { expression: logger, name } = node.expression;
    if (!LEVELS.includes(name.text) || !isLogger(logger)) return;
    const [message] = node.arguments as unknown as [ts.Expression];
    const spreads = ts.isObjectLiteralExpression(message)
      ? message.properties.filter(ts.isSpreadAssignment).map(({ expression }) => expression)
      : [message];
    calls.push({
      place: `${source.fileName.slice(ROOT.length + 1)}: ${node.getText().replaceAll(/\s+/g, ' ')}`,
      fields: fieldsOf(message),
      opaque: spreads.filter((each) => fieldsOf(each).length === 0).map((each) => each.getText()),
    });
  };
  for (const source of program.getSourceFiles()) if (!source.isDeclarationFile) visit(source, source);
  return calls;
}

describe('what src logs [R-07]', () => {
  const calls = loggingCalls();

  it('is objects with an event, whose fields the compiler knows', () => {
    expect(calls.length).toBeGreaterThan(40);
    const bad = calls.filter(({ fields, opaque }) => !fields.includes('event') || opaque.length > 0);
    expect(bad.map(({ place }) => place)).toEqual([]);
  });

  it('gets into the log: every field is on the list', () => {
    const dropped = calls.flatMap(({ place, fields }) =>
      fields.filter((field) => !LOG_FIELDS.includes(field)).map((field) => `${field} is dropped of ${place}`),
    );
    expect(dropped).toEqual([]);
  });

  it('is all that the list allows', () => {
    const used = new Set(calls.flatMap(({ fields }) => fields));
    expect(LOG_FIELDS.filter((field) => !used.has(field))).toEqual([]);
  });
});
