import { CLASSES, type Finding } from './finding';
import type { Verification } from './verification';

/** 0 ok, 1 altered, 2 gap, 3 fork, 4 truncated, 5 unanchored too long. */
export const exitCode = (finding: Finding | undefined): number =>
  finding === undefined ? 0 : CLASSES.indexOf(finding.class) + 1;

export function jsonReport(finding: Finding | undefined, verification: Verification): string {
  const { keys, size, tree, checkpoints, fitted, anchored, cosigned, clocks } = verification;
  return JSON.stringify({
    valid: finding === undefined,
    exit_code: exitCode(finding),
    problem: finding ?? null,
    origin: keys.origin,
    entries: size,
    root_hash: Buffer.from(tree.root(), 'hex').toString('base64'),
    checkpoints,
    checkpoint_size: fitted,
    anchored_size: anchored,
    cosigned: cosigned ? { size: cosigned.size, time: isoTime(cosigned.time) } : null,
    key_rotations: keys.rotations,
    warnings: clocks.warnings,
  });
}

export function textReport(finding: Finding | undefined, verification: Verification): string {
  const { keys, size, checkpoints, fitted, anchored, cosigned, clocks } = verification;
  const rows: [string, string][] = [
    ['log', keys.origin],
    ['entries in order', size === 0 ? 'none' : `1 to ${size}`],
    ['checkpoints that fit', checkpoints === 0 ? 'none' : `${checkpoints}, the last of size ${fitted}`],
    [
      'not yet anchored',
      anchored === size ? 'none' : `${anchored + 1} to ${size}: only as safe as the database`,
    ],
  ];
  if (cosigned !== undefined) rows.push(['cosigned', `size ${cosigned.size} at ${isoTime(cosigned.time)}`]);
  if (keys.rotations > 0) rows.push(['changes of key', String(keys.rotations)]);
  for (const { rule, count, first_seq } of clocks.warnings) {
    rows.push(['warning, clocks', `${rule.replaceAll('_', ' ')}: ${count}, first at entry ${first_seq}`]);
  }
  const verdict = finding
    ? `${finding.class.toUpperCase()} at entry ${finding.seq}: ${finding.detail}`
    : 'OK: every entry is as it was hashed, in order, and fits every checkpoint given';
  return [verdict, ...rows.map(([name, value]) => `  ${name.padEnd(22)}${value}`), ''].join('\n');
}

const isoTime = (seconds: number): string => new Date(seconds * 1000).toISOString();
