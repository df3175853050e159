import { Injectable } from '@nestjs/common';

/** That this replica is about to stop: it is not ready any more, and still answers whoever comes. */
@Injectable()
export class Draining {
  private readonly begun = new AbortController();

  /** Aborts when the draining begins. */
  readonly signal = this.begun.signal;

  begin(): void {
    this.begun.abort();
  }
}
