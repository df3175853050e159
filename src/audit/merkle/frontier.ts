import { EMPTY_ROOT, nodeHash } from './merkle-hash';
import type { Subtrees } from './merkle-tree';

/** The left edge of a growing RFC 6962 tree: the perfect subtrees it is made of, largest first. O(log n) hashes. */
export class Frontier {
  private readonly subtrees: { readonly level: number; readonly hash: Buffer }[] = [];
  private leaves = 0;

  get size(): number {
    return this.leaves;
  }

  append(leaf: Buffer): void {
    this.push(0, leaf);
  }

  /** Takes what lies between here and `size` from stored subtrees, without looking at the leaves. */
  async advance(size: number, stored: Subtrees): Promise<void> {
    while (this.leaves < size) {
      let level = 0;
      while (this.leaves % 2 ** (level + 1) === 0 && this.leaves + 2 ** (level + 1) <= size) level++;
      this.push(level, await stored(level, this.leaves / 2 ** level));
    }
  }

  root(): Buffer {
    const hashes = this.subtrees.map(({ hash }) => hash);
    return hashes.length === 0 ? EMPTY_ROOT : hashes.reduceRight((right, left) => nodeHash(left, right));
  }

  private push(level: number, hash: Buffer): void {
    let subtree = { level, hash };
    for (let last = this.subtrees.at(-1); last?.level === subtree.level; last = this.subtrees.at(-1)) {
      subtree = { level: last.level + 1, hash: nodeHash(last.hash, subtree.hash) };
      this.subtrees.pop();
    }
    this.subtrees.push(subtree);
    this.leaves += 2 ** level;
  }
}
