import { EventEmitter } from 'node:events';
import type { Events } from './cache.js';

/** What is emitted, and what with; cache-manager's types leave `mdel` and `ttl` out. */
type EventName = keyof Events | 'mdel' | 'ttl';

/** Tells what happens to those who listen. A listener that throws harms neither the cache nor the other callers. */
export class ManagerEvents {
  private readonly emitter = new EventEmitter();

  /** What it is told of is only put together where somebody listens. */
  emit(event: EventName, details: () => unknown): void {
    if (this.emitter.listenerCount(event) === 0) return;
    try {
      this.emitter.emit(event, details());
    } catch {
      // Swallowed on purpose: the caller is not to suffer from who listens.
    }
  }

  on(event: string, listener: (...values: never[]) => void): EventEmitter {
    return this.emitter.on(event, listener as (...values: unknown[]) => void);
  }

  off(event: string, listener: (...values: never[]) => void): EventEmitter {
    return this.emitter.off(event, listener as (...values: unknown[]) => void);
  }
}
