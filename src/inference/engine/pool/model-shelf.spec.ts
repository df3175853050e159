import type { EngineModel, ModelDescription } from '../inference-engine';
import { ModelShelf } from './model-shelf';

function shelfOf(bytes: Record<string, number>): ModelShelf {
  const shelf = new ModelShelf();
  for (const [id, memoryBytes] of Object.entries(bytes)) {
    shelf.put({ id } as EngineModel, { memoryBytes } as ModelDescription);
  }
  return shelf;
}

const fitting = (shelf: ModelShelf, budget: number): string[] => shelf.fitting(budget).map(({ id }) => id);

describe('model shelf', () => {
  it('keeps those used last, as many as fit', () => {
    const shelf = shelfOf({ a: 100, b: 200, c: 300 });
    expect(fitting(shelf, 600)).toEqual(['c', 'b', 'a']);
    expect(fitting(shelf, 599)).toEqual(['c', 'b']);
    shelf.touch('a');
    expect(fitting(shelf, 599)).toEqual(['a', 'c']);
    expect(fitting(shelf, 400)).toEqual(['a', 'c']);
  });

  it('keeps one, however large', () => {
    expect(fitting(shelfOf({ a: 100, b: 900 }), 50)).toEqual(['b']);
    expect(fitting(shelfOf({}), 50)).toEqual([]);
  });

  it('adds up what it knows', () => {
    const shelf = shelfOf({ a: 100, b: 200 });
    expect(shelf.bytesOf(['a', 'b', 'unknown'])).toBe(300);
    shelf.remove('a');
    shelf.touch('a');
    expect(shelf.get('a')).toBeUndefined();
    expect(shelf.bytesOf(['a', 'b'])).toBe(200);
  });
});
