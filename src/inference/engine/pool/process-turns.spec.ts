import type { EngineProcess } from './engine-process-handle';
import { ProcessTurns } from './process-turns';

const processOf = (...models: string[]): EngineProcess & { ended: boolean } =>
  ({ models: new Set(models), ended: false }) as unknown as EngineProcess & { ended: boolean };

function turnsOf(...processes: EngineProcess[]): ProcessTurns {
  const turns = new ProcessTurns(() => undefined);
  for (const process of processes) turns.free(process);
  return turns;
}

describe('process turns', () => {
  it('give each process to one user at a time', () => {
    const [a, b] = [processOf(), processOf()];
    const turns = turnsOf(a, b);
    expect([turns.take('model'), turns.take('model'), turns.take('model')]).toEqual([a, b, undefined]);
    expect(turns).toMatchObject({ ready: 2, busy: 2, hasIdle: false });
    turns.free(b);
    expect(turns.take('model')).toBe(b);
  });

  it('prefer a process that holds the model', () => {
    const [cold, warm] = [processOf(), processOf('model')];
    const turns = turnsOf(cold, warm);
    expect(turns.take('model')).toBe(warm);
    expect(turns.take('model')).toBe(cold);
  });

  it('tell when a process is idle, but not while somebody waits for it', async () => {
    const a = processOf();
    const idle: unknown[] = [];
    const turns = new ProcessTurns(() => idle.push('idle'));
    const first = turns.alone(a, async () => idle.push('first'));
    const second = turns.alone(a, async () => idle.push('second'));
    turns.free(a); // it is ready
    await Promise.all([first, second]);
    expect(idle).toEqual(['first', 'second', 'idle']);
    expect(turns).toMatchObject({ ready: 1, busy: 0 });
  });

  it('let an errand go before the requests, and give the process back when it fails', async () => {
    const a = processOf();
    const turns = turnsOf(a);
    expect(turns.take('model')).toBe(a);
    const errand = turns.alone(a, () => Promise.reject(new Error('failed')));
    turns.free(a);
    expect(turns.hasIdle).toBe(false);
    await expect(errand).rejects.toThrow('failed');
    expect(turns.take('model')).toBe(a);
  });

  it('forget a process that has ended, and refuse who waits for it', async () => {
    const a = processOf();
    const turns = turnsOf(a);
    turns.take('model');
    const errand = turns.turn(a);
    a.ended = true;
    turns.end(a);
    const unavailable = expect.objectContaining({ code: 'ENGINE_UNAVAILABLE' }) as Error;
    await expect(errand).rejects.toEqual(unavailable);
    await expect(turns.turn(a)).rejects.toEqual(unavailable);
    turns.free(a);
    expect(turns).toMatchObject({ ready: 0, busy: 0, hasIdle: false });
  });
});
