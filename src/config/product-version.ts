import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const PACKAGE = join(__dirname, '../../package.json');

export const PRODUCT_VERSION = (JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string }).version;
