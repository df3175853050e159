import { closeRunLogs } from './run-logs';

export default async function globalTeardown(): Promise<void> {
  await globalThis.stopTestServer?.();
  closeRunLogs();
}
