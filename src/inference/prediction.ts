import type { Activation } from './engine/process/activation';

export interface Judgement {
  readonly prediction: {
    label: string | null;
    index: number;
    score: number;
    above_threshold: boolean;
  } | null;
  /** The predicted label's score, 0..1; null where the outputs are no probabilities. */
  readonly confidenceScore: number | null;
}

interface Labelling {
  readonly labels: readonly string[];
  readonly activation: Activation;
  readonly threshold: number;
}

/**
 * The label with the highest score. One sigmoid output with two labels is the probability of the second.
 * Outputs that do not stand for labels (a mask, a measurement) give no prediction.
 */
export function judge(scores: readonly number[], { labels, activation, threshold }: Labelling): Judgement {
  const binary = activation === 'sigmoid' && scores.length === 1 && labels.length === 2;
  const byLabel = binary ? [1 - scores[0]!, scores[0]!] : scores;
  const isProbability = byLabel.every((score) => score >= 0 && score <= 1);
  if (byLabel.length === 0 || !isProbability || (labels.length > 0 && labels.length !== byLabel.length)) {
    return { prediction: null, confidenceScore: null };
  }
  const score = byLabel.reduce((a, b) => Math.max(a, b));
  const index = byLabel.indexOf(score);
  return {
    prediction: { label: labels[index] ?? null, index, score, above_threshold: score >= threshold },
    confidenceScore: score,
  };
}
