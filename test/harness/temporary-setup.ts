import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const PREFIX = 'medai-run-';

/** One temporary directory for all that the run's tests, servers and their processes leave: it is gone when the run ends. */
export default function openTemporaryDirectory(): void {
  if (basename(tmpdir()).startsWith(PREFIX)) return;
  const directory = mkdtempSync(join(tmpdir(), PREFIX));
  chmodSync(directory, 0o711); // PostgreSQL runs as another user
  process.env['TMPDIR'] = directory;
  process.once('exit', () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));
}
