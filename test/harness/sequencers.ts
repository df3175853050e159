import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PROGRAM = join(__dirname, '../fixtures/sequencer.js');

/** Sequencers of several replicas, each in a process of its own. */
export class Sequencers {
  private readonly children = new Set<ChildProcess>();
  private newest?: ChildProcess;
  /** How often leadership has been taken. */
  reigns = 0;

  constructor(private readonly url: string) {}

  start(): ChildProcess {
    const child = spawn(process.execPath, [PROGRAM, this.url], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.children.add(child);
    child.once('exit', () => this.children.delete(child));
    child.stdout.on('data', (text: Buffer) => {
      if (!text.toString().includes('sequencer_leads')) return;
      this.newest = child;
      this.reigns++;
    });
    return child;
  }

  /** Waits for leader number `reign`. */
  async leader(reign: number): Promise<ChildProcess> {
    const deadline = performance.now() + 15_000;
    while (this.reigns < reign || this.newest === undefined) {
      if (performance.now() > deadline) throw new Error(`Nobody took the lead for the ${reign}th time`);
      await sleep(10);
    }
    return this.newest;
  }

  async end(): Promise<void> {
    const exits = [...this.children].map((child) => once(child, 'exit'));
    for (const child of this.children) child.kill('SIGKILL');
    await Promise.all(exits);
  }
}
