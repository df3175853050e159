import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Checkpoint } from './checkpoint';

const CHUNK = 256 * 1024;
const NEWLINE = 0x0a;
/** 64 signatures and more. */
const MAX_NOTE = 64 * 1024;

/**
 * The lines of a file without their newlines, a chunk of the file at a time. A line is good until the next is asked for.
 * A last line without a newline counts as a line.
 */
export function* linesOf(path: string): Generator<Buffer, undefined> {
  const file = openSync(path, 'r');
  try {
    let buffer = Buffer.allocUnsafe(CHUNK);
    let filled = 0;
    for (;;) {
      const read = readSync(file, buffer, filled, buffer.length - filled, null);
      filled += read;
      let start = 0;
      for (
        let end = buffer.indexOf(NEWLINE);
        end !== -1 && end < filled;
        end = buffer.indexOf(NEWLINE, start)
      ) {
        yield buffer.subarray(start, end);
        start = end + 1;
      }
      if (read === 0) {
        if (start < filled) yield buffer.subarray(start, filled);
        return undefined;
      }
      if (start === 0 && filled === buffer.length) buffer = Buffer.concat([buffer], buffer.length * 2);
      else buffer.copyWithin(0, start, filled);
      filled -= start;
    }
  } finally {
    closeSync(file);
  }
}

/** Whether a file holds entries (NDJSON) rather than checkpoints; a directory is one of checkpoints, an anchor. */
export function holdsEntries(path: string): boolean {
  if (isDirectory(path)) return false;
  const first = linesOf(path).next().value;
  return first !== undefined && first[0] === 0x7b;
}

export interface NoteInFile {
  readonly path: string;
  /** Number of its first line. */
  readonly line: number;
  /** Undefined when it is not well-formed. */
  readonly checkpoint: Checkpoint | undefined;
}

const isDirectory = (path: string): boolean => statSync(path).isDirectory();

/** The files below a directory in the order of their names, which in an anchor is that of size. */
function* filesBelow(path: string): Generator<string, undefined> {
  if (isDirectory(path)) for (const name of readdirSync(path).sort()) yield* filesBelow(join(path, name));
  else yield path;
  return undefined;
}

function* notesBelow(path: string): Generator<NoteInFile, undefined> {
  for (const file of filesBelow(path)) yield* notesOf(file);
  return undefined;
}

/** The notes of a file: text, an empty line, signature lines; empty lines may stand between them. */
function* notesOf(path: string): Generator<NoteInFile, undefined> {
  let note = '';
  let number = 0;
  let first = 0;
  let signing = false;
  const take = (): NoteInFile => {
    const checkpoint = Checkpoint.parse(note);
    [note, signing] = ['', false];
    return { path, line: first, checkpoint };
  };
  for (const bytes of linesOf(path)) {
    const line = bytes.toString('utf8');
    number += 1;
    const isSignature = line.startsWith('— ');
    if (signing && !isSignature) yield take();
    if (note === '' && line === '') continue;
    if (note === '') first = number;
    note += `${line}\n`;
    signing = isSignature;
    if (note.length > MAX_NOTE) break; // not notes at all
  }
  if (note !== '') yield take();
}

/** The notes of several files or directories in order of size; each has its own in that order. */
export function* mergedNotes(paths: readonly string[]): Generator<NoteInFile, undefined> {
  const sources = paths.map((path) => {
    const notes = notesBelow(path);
    return { notes, head: notes.next().value };
  });
  for (;;) {
    const waiting = sources.filter(({ head }) => head !== undefined);
    if (waiting.length === 0) return undefined;
    const next = waiting.reduce((a, b) => (sizeOf(b.head) < sizeOf(a.head) ? b : a));
    yield next.head!;
    next.head = next.notes.next().value;
  }
}

/** What is not a checkpoint comes first, so that it is told of. */
const sizeOf = (note: NoteInFile | undefined): number => note?.checkpoint?.size ?? -1;
