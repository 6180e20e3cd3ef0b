import type { Duration } from '../core/index.js';
import { groupsFrom, requireTtl } from './entry-options.js';
import type { LoadContext } from './loader.js';

/** What one load was told by its loader, and the signal it can watch. */
export class RunningLoadContext implements LoadContext {
  ttlMs: number | undefined = undefined;
  skipped = false;
  readonly moreGroups: string[] = [];
  private controller: AbortController | undefined = undefined;

  constructor(private readonly cacheName: string) {}

  /** Made when it is asked for: most loaders never do, and it costs more than the rest of the context. */
  get signal(): AbortSignal {
    return (this.controller ??= new AbortController()).signal;
  }

  ttl(ttl: Duration): void {
    this.ttlMs = requireTtl(`load.ttl() in the loader of cache "${this.cacheName}"`, ttl);
  }

  groups(...groups: string[]): void {
    this.moreGroups.push(...groupsFrom(`load.groups() in the loader of cache "${this.cacheName}"`, groups));
  }

  skip(): void {
    this.skipped = true;
  }

  abort(reason: unknown): void {
    this.controller?.abort(reason);
  }
}
