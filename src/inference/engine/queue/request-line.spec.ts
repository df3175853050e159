import type { Priority } from '../inference-engine';
import { RequestLine } from './request-line';

interface Item {
  readonly name: string;
  readonly priority: Priority;
  readonly principalId: string;
  readonly since: number;
}

const item = (name: string, priority: Priority, since: number, principalId = 'one'): Item => ({
  name,
  priority,
  principalId,
  since,
});

function lineOf(...items: Item[]): RequestLine<Item> {
  const line = new RequestLine<Item>();
  for (const each of items) line.push(each);
  return line;
}

function drain(line: RequestLine<Item>): string[] {
  const names: string[] = [];
  for (let next = line.shift(); next !== undefined; next = line.shift()) names.push(next.name);
  return names;
}

describe('request line', () => {
  it('is empty at first', () => {
    const line = lineOf();
    expect(line.shift()).toBeUndefined();
    expect([...line]).toEqual([]);
  });

  it('serves high before normal before low, each in the order of arrival [R-40]', () => {
    const line = lineOf(
      item('low', 'low', 0),
      item('normal 1', 'normal', 1),
      item('high 1', 'high', 2),
      item('normal 2', 'normal', 3),
      item('high 2', 'high', 4),
    );
    expect([...line].map(({ name }) => name)).toEqual(['high 1', 'high 2', 'normal 1', 'normal 2', 'low']);
    expect(drain(line)).toEqual(['high 1', 'high 2', 'normal 1', 'normal 2', 'low']);
  });

  it('never starves low: after 15 s it goes ahead of high, after 10 s of normal', () => {
    const due = (at: number, priority: Priority): string[] =>
      drain(lineOf(item('low', 'low', 0), item('newcomer', priority, at)));
    expect(due(14_999, 'high')).toEqual(['newcomer', 'low']);
    expect(due(15_001, 'high')).toEqual(['low', 'newcomer']);
    expect(due(9_999, 'normal')).toEqual(['newcomer', 'low']);
    expect(due(10_001, 'normal')).toEqual(['low', 'newcomer']);
    expect(drain(lineOf(item('normal', 'normal', 0), item('high', 'high', 5_001)))).toEqual([
      'normal',
      'high',
    ]);
  });

  it('serves low under a load of high that never ends', () => {
    const line = lineOf(item('low', 'low', 0));
    let served = 0;
    for (let now = 0; ; now += 100) {
      line.push(item('high', 'high', now));
      line.push(item('high', 'high', now));
      served++;
      if (line.shift()?.name === 'low') break;
    }
    // one of two is served, so that at 30 s the oldest high request is one that came at 15 s
    expect(served).toBeGreaterThan(290);
    expect(served).toBeLessThan(310);
  });

  it('lets the principals of a lane take turns, whatever each has brought', () => {
    const line = lineOf(
      item('a1', 'normal', 0, 'a'),
      item('a2', 'normal', 0, 'a'),
      item('a3', 'normal', 0, 'a'),
      item('b1', 'normal', 1, 'b'),
      item('c1', 'normal', 2, 'c'),
      item('b2', 'normal', 3, 'b'),
    );
    expect(line.lengthOf('a')).toBe(3);
    expect(drain(line)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
  });

  it('puts a principal who comes again behind the others', () => {
    const line = lineOf(
      item('a1', 'normal', 0, 'a'),
      item('b1', 'normal', 0, 'b'),
      item('b2', 'normal', 0, 'b'),
    );
    expect(line.shift()?.name).toBe('a1');
    line.push(item('a2', 'normal', 1, 'a'));
    expect(drain(line)).toEqual(['b1', 'a2', 'b2']);
  });

  it('forgets who leaves', () => {
    const [a, b] = [item('a', 'normal', 0, 'a'), item('b', 'low', 0, 'b')];
    const line = lineOf(a, b);
    expect([line.delete(a), line.delete(a)]).toEqual([true, false]);
    expect([...line]).toEqual([b]);
    expect(line.lengthOf('a')).toBe(0);
    expect(drain(line)).toEqual(['b']);
  });
});
