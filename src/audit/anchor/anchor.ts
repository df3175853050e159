import type { WriteOnceStore } from './write-once-store';

const LEVELS = 5;
const DIGITS = 3;
const GROUP = /^\d{3}$/;

/** `000/000/000/012/345`: no folder holds more than a thousand names, and their order is that of size. */
const anchorName = (size: number): string =>
  String(size)
    .padStart(LEVELS * DIGITS, '0')
    .match(/\d{3}/g)!
    .join('/');

/** What was signed, without the lines of who signed it. */
const statement = (note: string): string => note.slice(0, note.lastIndexOf('\n\n'));

/** Checkpoints outside the database's reach, each under a name of its own that nobody can write again. */
export class Anchor {
  constructor(private readonly store: WriteOnceStore) {}

  /** @returns false when the anchor holds another checkpoint of this size */
  async keep(size: number, note: string): Promise<boolean> {
    if (await this.store.create(anchorName(size), note)) return true;
    return statement(await this.store.read(anchorName(size))) === statement(note);
  }

  /** The note of the largest size; undefined when there is none. */
  async newest(): Promise<string | undefined> {
    const groups: string[] = [];
    while (groups.length < LEVELS) {
      const names = await this.store.list(groups.join('/'));
      const last = names
        .filter((name) => GROUP.test(name))
        .toSorted()
        .at(-1);
      if (last === undefined) return undefined;
      groups.push(last);
    }
    return this.store.read(groups.join('/'));
  }
}
