import { take, untilFull, waitFor } from './token-bucket';

const policy = { name: 'source', burst: 3, perSecond: 2 } as const;

describe('token bucket [R-54]', () => {
  it('lets a burst through, then as many as are refilled', () => {
    let bucket: { tokens: number; at: number } | undefined;
    const at = (now: number): boolean => {
      const taking = take(bucket, now, policy, 1);
      bucket = { tokens: taking.tokens, at: now };
      return taking.allowed;
    };
    expect([0, 0, 0, 0].map(at)).toEqual([true, true, true, false]);
    expect([0.4, 0.5, 0.6, 1].map(at)).toEqual([false, true, false, true]);
    expect([100, 100, 100, 100].map(at)).toEqual([true, true, true, false]);
  });

  it('takes tokens back, never more than the burst, and does not drain when a clock jumps back', () => {
    expect(take({ tokens: 1, at: 5 }, 5, policy, -1)).toEqual({ allowed: true, tokens: 2 });
    expect(take({ tokens: 3, at: 5 }, 5, policy, -1)).toEqual({ allowed: true, tokens: 3 });
    expect(take({ tokens: 2, at: 5 }, 1, policy, 1)).toEqual({ allowed: true, tokens: 1 });
  });

  it('says for how long to wait', () => {
    const empty = take({ tokens: 0, at: 0 }, 0, policy, 1);
    expect([waitFor(empty, policy), untilFull(empty, policy)]).toEqual([1, 2]);
    expect(waitFor({ allowed: false, tokens: 0 }, { name: 'login', burst: 300, perSecond: 0.5 })).toBe(2);
  });
});
