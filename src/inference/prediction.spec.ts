import { judge } from './prediction';

const labels = ['clear', 'opacity'];

describe('judge', () => {
  it('names the label with the highest score', () => {
    expect(judge([0.1, 0.9], { labels, activation: 'softmax', threshold: 0.85 })).toEqual({
      prediction: { label: 'opacity', index: 1, score: 0.9, above_threshold: true },
      confidenceScore: 0.9,
    });
  });

  it('says when the score stays below the threshold', () => {
    expect(judge([0.75, 0.25], { labels, activation: 'none', threshold: 0.85 }).prediction).toMatchObject({
      label: 'clear',
      above_threshold: false,
    });
  });

  it('reads one sigmoid output as the probability of the second of two labels', () => {
    expect(judge([0.25], { labels, activation: 'sigmoid', threshold: 0.5 })).toEqual({
      prediction: { label: 'clear', index: 0, score: 0.75, above_threshold: true },
      confidenceScore: 0.75,
    });
  });

  it.each([
    ['no output', []],
    ['numbers that are no probabilities', [-3, 12]],
    ['another number of outputs than labels', [0.1, 0.2, 0.7]],
  ])('predicts nothing from %s', (_name, scores) => {
    expect(judge(scores, { labels, activation: 'none', threshold: 0.5 })).toEqual({
      prediction: null,
      confidenceScore: null,
    });
  });
});
