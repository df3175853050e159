import { KeyRing } from '../../src/verifier/key-ring';
import { jsonReport } from '../../src/verifier/report';
import { Verification } from '../../src/verifier/verification';
import { VerifierKey } from '../../src/verifier/verifier-key';
import { verifyFiles } from '../../src/verifier/verify-files';

/** The report of the offline verifier's --json. */
export interface Verdict {
  readonly valid: boolean;
  readonly exit_code: number;
  readonly problem: { readonly class: string; readonly seq: number; readonly detail: string } | null;
  readonly entries: number;
  readonly checkpoints: number;
  readonly checkpoint_size: number;
  readonly anchored_size: number;
}

interface Options {
  readonly key: string;
  readonly witnessKey?: string;
  readonly maxUnanchored?: number;
}

/** The verifier without the start of its program, which would take longer than the work. */
export function offline(
  files: readonly string[],
  { key, witnessKey, maxUnanchored = 300 }: Options,
): Verdict {
  const verification = new Verification(
    new KeyRing([VerifierKey.parse(key)!]),
    witnessKey === undefined ? undefined : VerifierKey.parse(witnessKey),
    maxUnanchored,
  );
  const finding = verifyFiles(files, verification);
  return JSON.parse(jsonReport(finding, verification)) as Verdict;
}
