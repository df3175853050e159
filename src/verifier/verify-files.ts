import { claimedSeq } from './entry';
import { altered, type Finding } from './finding';
import { holdsEntries, linesOf, mergedNotes, type NoteInFile } from './input';
import { NotInOrder, type Verification } from './verification';

/** Feeds exported files to a verification. @returns what is wrong first, in the order of the log */
export function verifyFiles(paths: readonly string[], verification: Verification): Finding | undefined {
  const entries = inOrder(paths.filter(holdsEntries));
  const notes = mergedNotes(paths.filter((path) => !holdsEntries(path)));
  let note = notes.next().value;
  /** Takes the notes that the entries so far have reached; all that are left, at the end. */
  const takeNotes = (size: number): Finding | undefined => {
    for (; note !== undefined && (note.checkpoint?.size ?? 0) <= size; note = notes.next().value) {
      const finding = judge(note, verification);
      if (finding !== undefined) return finding;
    }
    return undefined;
  };

  let finding = takeNotes(0);
  for (const [index, path] of entries.entries()) {
    const lines = linesOf(path);
    for (const line of lines) {
      finding ??= verification.entry(line) ?? takeNotes(verification.size);
      if (finding?.class === 'gap') return explainGap(finding, lines, entries.slice(index + 1));
      if (finding !== undefined) return finding;
    }
  }
  return finding ?? takeNotes(Number.POSITIVE_INFINITY) ?? verification.end();
}

function judge({ checkpoint, path, line }: NoteInFile, verification: Verification): Finding | undefined {
  if (checkpoint === undefined)
    return altered(
      verification.size,
      `${path}, line ${line}: this is not a checkpoint as the log writes them`,
    );
  try {
    return verification.checkpoint(checkpoint);
  } catch (error) {
    if (error instanceof NotInOrder) throw new NotInOrder(`${path}, line ${line}: ${error.message}`);
    throw error;
  }
}

/** A missing entry that stands further down has been moved, not removed. */
function explainGap(missing: Finding, rest: Iterable<Buffer>, files: readonly string[]): Finding {
  const isMissing = (line: Buffer): boolean => claimedSeq(line) === missing.seq;
  for (const line of rest) {
    if (isMissing(line))
      return altered(missing.seq, `entry ${missing.seq} stands further down: lines were moved`);
  }
  for (const path of files) {
    for (const line of linesOf(path)) if (isMissing(line)) return altered(missing.seq, 'lines were moved');
  }
  return missing;
}

/** Files of entries by the first entry of each. */
function inOrder(paths: readonly string[]): string[] {
  const first = (path: string): number => {
    const line = linesOf(path).next().value;
    return line === undefined ? 0 : claimedSeq(line) || 0;
  };
  return paths
    .map((path) => ({ path, seq: first(path) }))
    .sort((a, b) => a.seq - b.seq)
    .map(({ path }) => path);
}
