import { readFileSync } from 'node:fs';
import { nearNames } from './start/near-names';
import { StartupError } from './startup.error';

/** Thrown once at boot with every bad variable. The message names variables and expectations, never values. */
export class ConfigurationError extends StartupError {
  constructor(readonly problems: readonly string[]) {
    super(`Configuration is not valid:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
}

/**
 * Typed reading of environment variables. A bad value is noted, not thrown, so that one start tells everything that
 * is wrong; `assertValid` ends the reading.
 */
export class Environment {
  /** What was read, with what came of it: defaults included, secrets left out. */
  readonly settings = new Map<string, string | null>();
  private readonly known = new Set<string>();
  private readonly problems: string[] = [];

  constructor(private readonly variables: Readonly<Record<string, string | undefined>>) {}

  /** An empty variable counts as unset: `NAME=` in an env file is how people switch a setting off. */
  text(name: string): string | undefined {
    const value = this.value(name);
    this.settings.set(name, value ?? null);
    return value;
  }

  /** Whether the variable, or the file of it, is set: for secrets that only their own slice may read. */
  isSet(name: string): boolean {
    return this.value(name) !== undefined || this.value(`${name}_FILE`) !== undefined;
  }

  /** The variable itself, or the content of the file named by `NAME_FILE` (Docker and Kubernetes secrets). */
  secret(name: string): string | undefined {
    const path = this.value(`${name}_FILE`);
    if (path === undefined) return this.value(name);
    if (this.value(name) !== undefined) return this.problem(`${name}: set it or ${name}_FILE, not both`);
    try {
      return readFileSync(path, 'utf8').trim() || this.problem(`${name}_FILE: the file is empty`);
    } catch {
      return this.problem(`${name}_FILE: the file cannot be read`);
    }
  }

  integer(name: string, fallback: number, min: number, max: number): number {
    const text = this.text(name);
    if (text === undefined) return this.byDefault(name, fallback);
    const value = /^-?\d{1,15}$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    this.problem(`${name}: expected an integer from ${min} to ${max}`);
    return fallback;
  }

  optionalInteger(name: string, min: number, max: number): number | undefined {
    return this.text(name) === undefined ? undefined : this.integer(name, min, min, max);
  }

  oneOf<const Choice extends string>(name: string, choices: readonly Choice[], fallback: Choice): Choice {
    const text = this.text(name);
    if (text === undefined) return this.byDefault(name, fallback);
    const choice = choices.find((candidate) => candidate === text);
    if (choice === undefined) this.problem(`${name}: expected one of ${choices.join(', ')}`);
    return choice ?? fallback;
  }

  /** `value`, if it is a URL with one of the given schemes (`postgres:`). */
  url(name: string, value: string | undefined, schemes: readonly string[]): string | undefined {
    if (value === undefined) return undefined;
    const scheme = URL.canParse(value) ? new URL(value).protocol : '';
    if (schemes.includes(scheme)) return value;
    return this.problem(`${name}: expected a URL that starts with ${schemes.join('// or ')}//`);
  }

  private byDefault<Value extends string | number>(name: string, fallback: Value): Value {
    this.settings.set(name, String(fallback));
    return fallback;
  }

  private value(name: string): string | undefined {
    this.known.add(name);
    return this.variables[name]?.trim() || undefined;
  }

  problem(text: string): undefined {
    this.problems.push(text);
  }

  /** Variables that nothing has read, each with the one that was probably meant. */
  misspelt(): ReadonlyMap<string, string> {
    return nearNames(Object.keys(this.variables), this.known);
  }

  assertValid(): void {
    if (this.problems.length > 0) throw new ConfigurationError(this.problems);
  }
}
