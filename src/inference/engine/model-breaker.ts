import { DomainError } from '../../errors/domain.error';
import type { EngineModel, Quarantine } from './inference-engine';

type Model = Pick<EngineModel, 'id' | 'name' | 'version'>;

interface Account {
  readonly model: Model;
  /** Processes lost lately, less a tenth for each answer since. */
  damage: number;
  lastLoss: number;
  /** Times in a row that it has been open. */
  openings: number;
  openUntil?: number;
  /** The one request that may try the model again is under way. */
  trying: boolean;
}

const CLEAN = { damage: 0, lastLoss: -Infinity, openings: 0, trying: false };

/** Opens at this damage. */
const MAX_DAMAGE = 3;
/** So much of a lost process one answer makes up for. */
const REPAIR = 0.1;
/** A loss is forgotten when none has followed for this long. */
const WINDOW_MS = 60_000;
const FIRST_PAUSE_MS = 15_000;
const LONGEST_PAUSE_MS = 600_000;

/**
 * Keeps a model from running that has cost three processes with fewer than ten answers for each. After a pause, twice
 * as long each time, one request may try it: its answer closes the breaker, another loss opens it again.
 */
export class ModelBreaker {
  private readonly accounts = new Map<string, Account>();

  constructor(
    private readonly onChange: (change: Quarantine) => void,
    private readonly now = (): number => performance.now(),
  ) {}

  /** What is not closed. */
  get quarantined(): Quarantine[] {
    return [...this.accounts.values()].filter(({ openUntil }) => openUntil !== undefined).map(this.stateOf);
  }

  isOpen(modelId: string): boolean {
    return this.accounts.get(modelId)?.openUntil !== undefined;
  }

  /** @throws DomainError MODEL_QUARANTINED */
  assertMayWait(modelId: string): void {
    const account = this.accounts.get(modelId);
    if (account?.openUntil === undefined || (account.openUntil <= this.now() && !account.trying)) return;
    const { retryAfterSeconds } = this.stateOf(account);
    throw new DomainError('MODEL_QUARANTINED', undefined, { retryAfterSeconds });
  }

  /**
   * To be followed by one of the three below.
   * @throws DomainError MODEL_QUARANTINED
   */
  begin(modelId: string): void {
    this.assertMayWait(modelId);
    const account = this.accounts.get(modelId);
    if (account?.openUntil === undefined) return;
    account.trying = true;
    this.onChange(this.stateOf(account));
  }

  answered(modelId: string): void {
    const account = this.accounts.get(modelId);
    if (account === undefined) return;
    account.damage = Math.max(account.damage - REPAIR, 0);
    if (!account.trying) return;
    account.damage = 0;
    account.openUntil = undefined;
    account.trying = false;
    this.onChange(this.stateOf(account));
  }

  /** The process is alive, and the model was not put to the test. */
  undecided(modelId: string): void {
    const account = this.accounts.get(modelId);
    if (account !== undefined) account.trying = false;
  }

  /** The model has cost a process. */
  failed(model: Model): void {
    const account: Account = this.accounts.get(model.id) ?? { model, ...CLEAN };
    this.accounts.set(model.id, account);
    const now = this.now();
    if (now - account.lastLoss > WINDOW_MS) account.damage = 0;
    if (now - account.lastLoss > LONGEST_PAUSE_MS) account.openings = 0;
    account.damage += 1;
    account.lastLoss = now;
    const opens = account.openUntil === undefined ? account.damage >= MAX_DAMAGE : account.trying;
    if (!opens) return;
    account.openUntil = now + Math.min(FIRST_PAUSE_MS * 2 ** account.openings, LONGEST_PAUSE_MS);
    account.openings++;
    account.trying = false;
    this.onChange(this.stateOf(account));
  }

  forget(modelId: string): void {
    this.accounts.delete(modelId);
  }

  private readonly stateOf = ({ model, openUntil, trying }: Account): Quarantine => {
    const state = openUntil === undefined ? 'closed' : trying ? 'half_open' : 'open';
    const seconds = Math.max(Math.ceil(((openUntil ?? 0) - this.now()) / 1000), 1);
    return {
      modelId: model.id,
      modelName: model.name,
      version: model.version,
      state,
      retryAfterSeconds: state === 'closed' ? 0 : seconds,
    };
  };
}

/** A failure that the process did not survive. */
export const costsProcess = (error: unknown): boolean =>
  error instanceof DomainError && (error.code === 'ENGINE_TIMEOUT' || error.code === 'ENGINE_CRASHED');
