/** How long something took in a cache. */
export interface MeasuredStep {
  readonly cache: string;
  /**
   * `hit`: in memory; one in many (see `CacheStats.latency`). `miss`: a caller's wait for a load. `load`: a loader's run.
   * `read`, `write`: a call of a tier, which may be about many keys.
   */
  readonly kind: 'hit' | 'miss' | 'load' | 'read' | 'write';
  readonly durationMs: number;
  /** Of `read` and `write`. */
  readonly tier?: string;
  /** Why it failed; absent when it did not. */
  readonly error?: unknown;
}

/** A loader's run. */
export interface InstrumentedLoad {
  readonly cache: string;
  /** `refresh`: of a value that is still served. */
  readonly cause: 'load' | 'refresh';
  /** Several for a bulk load. */
  readonly keys: readonly unknown[];
  /** How long it has been running already: above 0 where what was called turned out to be a loader only then. */
  readonly sinceMs: number;
}

/** Something of an observability tool's that looks into the caches of an application. What it throws is not caught. */
export interface Instrument {
  /** Told of each step that is measured, when it has ended. */
  measured?(step: MeasuredStep): void;
  /** Runs a loader, once and at once, and returns what it returns: so that it runs in the tool's own context. */
  aroundLoad?<R>(load: InstrumentedLoad, proceed: () => R): R;
}

/** The instruments of one application's caches. Without any each step that is measured costs a branch. */
export class Instruments {
  private instruments: readonly Instrument[] = [];

  get any(): boolean {
    return this.instruments.length > 0;
  }

  /** Adds an instrument; returns what takes it out again. */
  add(instrument: Instrument): () => void {
    this.instruments = [...this.instruments, instrument];
    return () => {
      this.instruments = this.instruments.filter((other) => other !== instrument);
    };
  }

  measured(step: MeasuredStep): void {
    for (const instrument of this.instruments) instrument.measured?.(step);
  }

  /** The first that was added is the outermost. */
  aroundLoad<R>(load: InstrumentedLoad, proceed: () => R): R {
    let run = proceed;
    for (const instrument of this.instruments.toReversed()) {
      const inner = run;
      run = () => (instrument.aroundLoad === undefined ? inner() : instrument.aroundLoad(load, inner));
    }
    return run();
  }
}
