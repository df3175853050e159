export type Activation = 'none' | 'softmax' | 'sigmoid';

/**
 * Scores from a model's numbers, in double precision and of the same length.
 * Softmax runs over the classes: axis 1 of [1, classes, ...] (one softmax a position), or the only axis.
 */
export function activate(
  values: Float64Array,
  dims: readonly number[],
  activation: Activation,
): Float64Array {
  if (activation === 'none') return values;
  if (activation === 'sigmoid') return values.map((value) => 1 / (1 + Math.exp(-value)));
  return softmax(values, dims);
}

function softmax(values: Float64Array, dims: readonly number[]): Float64Array {
  const scores = new Float64Array(values.length);
  const classes = dims[dims.length > 1 ? 1 : 0] ?? 1;
  const positions = dims.slice(2).reduce((product, dim) => product * dim, 1);
  for (let item = 0; item < values.length; item += classes * positions) {
    for (let first = item; first < item + positions; first++) {
      const end = first + classes * positions;
      // exp overflows above 709, therefore the maximum is taken off
      let max = -Infinity;
      for (let i = first; i < end; i += positions) max = Math.max(max, values[i]!);
      let sum = 0;
      for (let i = first; i < end; i += positions) sum += scores[i] = Math.exp(values[i]! - max);
      for (let i = first; i < end; i += positions) scores[i]! /= sum;
    }
  }
  return scores;
}
