import { mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { logLinesLost } from './http.metrics';
import { jsonLogger } from './json-logger';

function linesOf(
  write: (logger: ReturnType<typeof jsonLogger>) => void,
  level = 'info',
): Record<string, unknown>[] {
  const file = join(mkdtempSync(join(tmpdir(), 'medai-log-')), 'log');
  write(jsonLogger(level, openSync(file, 'w')));
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('JsonLogger [R-07] [R-08]', () => {
  it('writes one JSON object a line with level, logger and fields that are on the list', () => {
    const [line] = linesOf((logger) => logger.log({ event: 'model.loaded', model_id: 'm1' }, 'EngineModels'));
    expect(line).toMatchObject({
      level: 'info',
      logger: 'EngineModels',
      event: 'model.loaded',
      model_id: 'm1',
    });
    expect(line!['time']).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  });

  it('shows the key that an auditor verifies the trail with: docs/audit.md sends operators here for it', () => {
    const fields = { event: 'audit.signing_key', verifier_key: 'medai-flow/audit+0a1b2c3d+AQ==' };
    expect(linesOf((logger) => logger.log(fields, 'Checkpointer'))).toMatchObject([fields]);
  });

  it('drops every other field, whoever logs it', () => {
    const [line] = linesOf((logger) =>
      logger.error(
        { event: 'x', patient_id: 'MRN-4711', body: 'secret', headers: { authorization: 'Bearer x' } },
        'X',
      ),
    );
    expect(Object.keys(line!).sort()).toEqual(['event', 'level', 'logger', 'time']);
  });

  it('stays one line whatever is in a field', () => {
    expect(linesOf((logger) => logger.warn({ event: 'a\n{"level":"fatal"}' }, 'X'))).toHaveLength(1);
  });

  it('a disk that is full ends nothing: lines are kept up to a limit, then dropped and counted', async () => {
    const logger = jsonLogger('info', openSync('/dev/full', 'w'));
    const lost = async (): Promise<number> => (await logLinesLost.get()).values[0]!.value;
    const before = await lost();
    const line = { event: 'x'.repeat(100_000) };
    for (let n = 0; n < 20; n++) logger.log(line, 'X');
    expect((await lost()) - before).toBe(10);
  });
});
