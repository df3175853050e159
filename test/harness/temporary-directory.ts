import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Gone after the run: see `temporary-setup.ts`. */
export const temporaryDirectory = (): string => mkdtempSync(join(tmpdir(), 'medai-test-'));
