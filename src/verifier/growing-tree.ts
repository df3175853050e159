import { EMPTY_ROOT, nodeHash } from './hashes';

/** Root of an RFC 6962 tree over the leaves seen so far; keeps one hash for each bit that is set in their number. */
export class GrowingTree {
  private readonly peaks: string[] = [];
  size = 0;

  append(leaf: string): void {
    let hash = leaf;
    for (let rest = this.size; rest % 2 === 1; rest = Math.floor(rest / 2))
      hash = nodeHash(this.peaks.pop()!, hash);
    this.peaks.push(hash);
    this.size += 1;
  }

  root(): string {
    if (this.peaks.length === 0) return EMPTY_ROOT;
    return this.peaks.reduceRight((right, left) => nodeHash(left, right));
  }
}
