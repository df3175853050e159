import { type ChildProcess, spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { DomainError } from '../../../errors/domain.error';
import type { ErrorCode } from '../../../errors/error-codes';
import { ANSWER_BOUNDS, type EngineCall, errorOf } from '../protocol/engine-protocol';
import { type Frame, FrameDecoder, writeFrame } from '../protocol/frames';
import { engineDirectory } from './engine-directory';

export interface EngineProcessOptions {
  /** Bound of the data segment (RLIMIT_DATA); what a model asks for beyond it fails. */
  readonly memoryLimitBytes: number;
  readonly startDeadlineMs: number;
  /** Called once, as soon as the process takes no more calls and before the one under way fails. */
  readonly onEnd: (process: EngineProcess, code: ErrorCode) => void;
}

/** How a process ended; both are null when it could not even be started. */
export interface EngineExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** Compiled code, also where this file itself is run from its source by jest. */
export const ENGINE_PROGRAM = join(__dirname, '../../../../dist/inference/engine/process/engine.process.js');

/** All of the environment that an engine process gets: no secrets. */
export const ENGINE_ENVIRONMENT = { ORT_DISABLE_TELEMETRY: '1' };

/** Core dumps are off because they would leave images on the disk. */
const LIMITED = 'ulimit -c 0; ulimit -d "$0" 2>/dev/null; exec "$@"';

/** One engine process from its start to its end. It is not used again after a failure but replaced. */
export class EngineProcess {
  /** Ids of the models it has loaded. */
  readonly models = new Set<string>();
  readonly startedAt = performance.now();
  /** Its memory as far as it has told. */
  rssBytes = 0;
  /** Rejects when the process ends before it takes calls. */
  readonly ready: Promise<Frame>;
  readonly exited: Promise<EngineExit>;
  private readonly child: ChildProcess;
  /** Missing when the server is out of file descriptors. */
  private readonly socket?: Duplex;
  private pending?: PendingCall;
  private end?: ErrorCode;

  /** @throws Error of the system when there is no place for a temporary folder */
  constructor(private readonly options: EngineProcessOptions) {
    const { memoryLimitBytes, startDeadlineMs } = options;
    // an empty folder, because a model may name files relative to it
    const cwd = engineDirectory();
    const limitKiB = String(Math.floor(memoryLimitBytes / 1024));
    this.child = spawn('/bin/sh', ['-c', LIMITED, limitKiB, process.execPath, ENGINE_PROGRAM], {
      cwd,
      env: ENGINE_ENVIRONMENT,
      stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    });
    this.exited = this.untilExit(cwd);
    this.ready = this.reply(startDeadlineMs);
    this.socket = this.child.stdio?.[3] as Duplex | undefined;
    const decoder = new FrameDecoder(ANSWER_BOUNDS);
    this.socket?.on('data', (chunk: Buffer) => this.receive(decoder, chunk));
    this.socket?.on('error', () => this.kill('ENGINE_CRASHED'));
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  get ended(): boolean {
    return this.end !== undefined;
  }

  /**
   * Sends a call, one at a time, and gives the answer. The process is killed when the deadline passes.
   * @throws DomainError sent by the process, ENGINE_TIMEOUT, ENGINE_CRASHED, or with the code given to `kill`
   */
  call(call: EngineCall, payload: readonly Uint8Array[], deadlineMs: number): Promise<Frame> {
    const reply = this.reply(deadlineMs);
    if (this.socket !== undefined && !this.ended) writeFrame(this.socket, call, payload);
    return reply;
  }

  /** Ends the process at once, for the first time it is asked to; the call under way and later ones fail with `code`. */
  kill(code: ErrorCode): void {
    if (this.end !== undefined) return;
    this.end = code;
    this.child.kill('SIGKILL');
    this.options.onEnd(this, code);
    this.settle()?.reject(new DomainError(code));
  }

  private async untilExit(cwd: string): Promise<EngineExit> {
    const exit = await new Promise<EngineExit>((resolve) => {
      this.child.once('error', () => resolve({ code: null, signal: null }));
      this.child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    this.kill('ENGINE_CRASHED');
    await rm(cwd, { recursive: true, force: true }).catch(() => undefined);
    return exit;
  }

  private reply(deadlineMs: number): Promise<Frame> {
    if (this.end !== undefined) return Promise.reject(new DomainError(this.end));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.kill('ENGINE_TIMEOUT'), deadlineMs);
      this.pending = { resolve, reject, timer };
    });
  }

  private receive(decoder: FrameDecoder, chunk: Buffer): void {
    try {
      for (const frame of decoder.push(chunk)) {
        const error = errorOf(frame.header);
        if (error === undefined) this.settle()?.resolve(frame);
        else this.settle()?.reject(error);
      }
    } catch {
      this.kill('ENGINE_CRASHED');
    }
  }

  private settle(): PendingCall | undefined {
    const call = this.pending;
    clearTimeout(call?.timer);
    this.pending = undefined;
    return call;
  }
}

interface PendingCall {
  readonly resolve: (frame: Frame) => void;
  readonly reject: (error: DomainError) => void;
  readonly timer: NodeJS.Timeout;
}
