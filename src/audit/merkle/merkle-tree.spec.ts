import { Frontier } from './frontier';
import { EMPTY_ROOT, leafHash, perfectRoot } from './merkle-hash';
import { isConsistent, rootFromInclusion } from './merkle-proof';
import { consistencyProof, inclusionProof, type Subtrees, treeRoot } from './merkle-tree';

/** Leaves, roots and proofs of the reference implementation of RFC 6962 (google/certificate-transparency, merkle tests). */
const REFERENCE_LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
const REFERENCE_ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const A = '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7';
const B = '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e';
const C = '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4';
const D = 'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b';
const E = 'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0';
const F = '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a';

const subtreesOf =
  (leaves: readonly Buffer[]): Subtrees =>
  async (level, index) =>
    perfectRoot(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level));

const reference = subtreesOf(
  REFERENCE_LEAVES.map((hex) => leafHash(Buffer.from(hex, 'hex').toString('latin1'))),
);
const hexOf = (hashes: readonly Buffer[]): string[] => hashes.map((hash) => hash.toString('hex'));

describe('RFC 6962 tree › reference vectors', () => {
  it('roots of 0 to 8 leaves', async () => {
    expect(await treeRoot(0, reference)).toEqual(EMPTY_ROOT);
    expect(EMPTY_ROOT.toString('hex')).toMatch(/^e3b0c44298fc1c14/);
    const roots = await Promise.all(REFERENCE_ROOTS.map((_, i) => treeRoot(i + 1, reference)));
    expect(hexOf(roots)).toEqual(REFERENCE_ROOTS);
  });

  it.each([
    [0, 1, []],
    [0, 8, [A, B, C]],
    [5, 8, [D, E, REFERENCE_ROOTS[3]]],
    [2, 3, [REFERENCE_ROOTS[1]]],
    [1, 5, [REFERENCE_ROOTS[0], B, D]],
  ])('inclusion of leaf %i in %i', async (index, size, proof) => {
    expect(hexOf(await inclusionProof(index, size, reference))).toEqual(proof);
  });

  it.each([
    [1, 1, []],
    [1, 8, [A, B, C]],
    [6, 8, [F, E, REFERENCE_ROOTS[3]]],
    [2, 5, [B, D]],
  ])('consistency of %i with %i', async (from, to, proof) => {
    expect(hexOf(await consistencyProof(from, to, reference))).toEqual(proof);
  });
});

describe('RFC 6962 tree › every proof up to 33 leaves', () => {
  const leaves = Array.from({ length: 33 }, (_, i) => leafHash(`entry ${i}`));
  const subtrees = subtreesOf(leaves);
  const other = Buffer.alloc(32, 7);

  it('a frontier has the same root, whether it saw the leaves or took stored subtrees', async () => {
    for (let size = 0; size <= leaves.length; size++) {
      for (let seen = 0; seen <= size; seen++) {
        const frontier = new Frontier();
        await frontier.advance(Math.floor(seen / 2), subtrees);
        for (const leaf of leaves.slice(frontier.size, seen)) frontier.append(leaf);
        await frontier.advance(size, subtrees);
        expect(frontier.root()).toEqual(await treeRoot(size, subtrees));
      }
    }
  });

  it('shows inclusion, and nothing of another leaf, place or size', async () => {
    for (let size = 1; size <= leaves.length; size++) {
      const root = await treeRoot(size, subtrees);
      for (let index = 0; index < size; index++) {
        const proof = await inclusionProof(index, size, subtrees);
        const rootOf = (i: number, n: number, leaf: Buffer, hashes: Buffer[]): string | undefined =>
          rootFromInclusion(i, n, leaf, hashes)?.toString('hex');
        const expected = root.toString('hex');
        expect(rootOf(index, size, leaves[index]!, proof)).toBe(expected);
        expect(rootOf(index, size, other, proof)).not.toBe(expected);
        expect(rootOf(index, size, leaves[index]!, [...proof, other])).not.toBe(expected);
        expect(rootOf(index, size, leaves[index]!, proof.slice(1)) === expected).toBe(size === 1);
        expect(rootOf((index + 1) % size, size, leaves[index]!, proof) === expected).toBe(size === 1);
      }
    }
  });

  it('shows consistency, and nothing of another root, size or proof', async () => {
    for (let to = 1; to <= leaves.length; to++) {
      const newHead = { size: to, root: await treeRoot(to, subtrees) };
      for (let from = 1; from <= to; from++) {
        const oldHead = { size: from, root: await treeRoot(from, subtrees) };
        const proof = await consistencyProof(from, to, subtrees);
        expect(isConsistent(oldHead, newHead, proof)).toBe(true);
        expect(isConsistent({ ...oldHead, root: other }, newHead, proof)).toBe(false);
        expect(isConsistent(oldHead, { ...newHead, root: other }, proof)).toBe(false);
        expect(isConsistent(oldHead, newHead, [...proof, other])).toBe(false);
        for (let i = 0; i < proof.length; i++) {
          expect(isConsistent(oldHead, newHead, proof.with(i, other))).toBe(false);
          expect(isConsistent(oldHead, newHead, proof.toSpliced(i, 1))).toBe(false);
        }
      }
      expect(isConsistent(newHead, { size: to - 1, root: newHead.root }, [])).toBe(false);
    }
  });
});
