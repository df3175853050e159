import { Injectable } from '@nestjs/common';
import { ComponentCheck } from './component-check';
import type { ComponentHealth } from './component-health';

export interface Component {
  readonly name: string;
  /** Without it this replica takes no requests. */
  readonly required: boolean;
  readonly check: () => ComponentHealth | Promise<ComponentHealth>;
}

type Report = Readonly<Record<string, ComponentHealth>>;

/** What this server depends on; whoever owns a dependency registers how it is doing. */
@Injectable()
export class Components {
  private readonly checks = new Map<string, ComponentCheck>();
  private readonly requiredNames = new Set<string>();

  register({ name, required, check }: Component): void {
    this.checks.set(name, new ComponentCheck(check));
    if (required) this.requiredNames.add(name);
  }

  all(): Promise<Report> {
    return this.report([...this.checks.keys()]);
  }

  required(): Promise<Report> {
    return this.report([...this.requiredNames]);
  }

  private async report(names: readonly string[]): Promise<Report> {
    const entries = names.map(async (name) => [name, await this.checks.get(name)!.health()] as const);
    return Object.fromEntries(await Promise.all(entries));
  }
}
