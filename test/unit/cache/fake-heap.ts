import type { Cancel, Heap, HeapReading } from '../../../lib/core/index.js';

/** A heap that is as full as it is told to be. */
export class FakeHeap implements Heap {
  usedBytes = 0;
  limitBytes = 100_000_000;
  readings = 0;
  private readonly listeners = new Set<() => void>();

  read(): HeapReading {
    this.readings++;
    const { usedBytes, limitBytes } = this;
    return { usedBytes, limitBytes };
  }

  onCollected(listener: () => void): Cancel {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** A collection leaves so much in use. */
  collect(liveBytes: number): void {
    this.usedBytes = liveBytes;
    for (const listener of this.listeners) listener();
  }

  get listened(): boolean {
    return this.listeners.size > 0;
  }
}
