import type { TreeHead } from '../merkle/merkle-proof';

/** The text of a C2SP tlog-checkpoint: origin, size and root, without extension lines. */
export interface CheckpointText extends TreeHead {
  readonly origin: string;
}

const TEXT = /^([^\n]+)\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n$/;

export const formatCheckpointText = ({ origin, size, root }: CheckpointText): string =>
  `${origin}\n${size}\n${root.toString('base64')}\n`;

/** @returns undefined for what this log would not have written, extension lines included */
export function parseCheckpointText(text: string): CheckpointText | undefined {
  const [, origin, size, root] = TEXT.exec(text) ?? [];
  if (origin === undefined || size === undefined || root === undefined) return undefined;
  const parsed = { origin, size: Number(size), root: Buffer.from(root, 'base64') };
  return formatCheckpointText(parsed) === text ? parsed : undefined;
}
