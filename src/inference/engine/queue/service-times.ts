/** How long a process is usually taken up by one image of each model: moving averages, in ms. */
export class ServiceTimes {
  private readonly usual = new Map<string, number>();

  observe(modelId: string, ms: number): void {
    const known = this.usual.get(modelId);
    this.usual.set(modelId, known === undefined ? ms : known + (ms - known) * 0.2);
  }

  /** A first guess, until something has been observed. */
  guess(modelId: string, ms: number): void {
    if (!this.usual.has(modelId)) this.usual.set(modelId, ms);
  }

  /** The mean of all models where this one is not known yet; 0 when none is. */
  of(modelId: string): number {
    const known = this.usual.get(modelId);
    if (known !== undefined) return known;
    const all = [...this.usual.values()];
    return all.reduce((sum, ms) => sum + ms, 0) / Math.max(all.length, 1);
  }

  forget(modelId: string): void {
    this.usual.delete(modelId);
  }
}
