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

/** Something of an observability tool's that looks into the caches of an application. What it throws harms nobody. */
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
    for (const instrument of this.instruments) {
      try {
        instrument.measured?.(step);
      } catch {
        // Swallowed on purpose: the caller of the cache is not to suffer from who looks on.
      }
    }
  }

  /** The first that was added is the outermost. */
  aroundLoad<R>(load: InstrumentedLoad, proceed: () => R): R {
    let run = proceed;
    for (const instrument of this.instruments.toReversed()) {
      const inner = run;
      if (instrument.aroundLoad !== undefined) run = () => harmlessly(instrument, load, inner);
    }
    return run();
  }
}

/** Runs a loader within an instrument, exactly once and with its own outcome, whatever the instrument does. */
function harmlessly<R>(instrument: Instrument, load: InstrumentedLoad, proceed: () => R): R {
  let outcome: { readonly result: R } | { readonly error: unknown } | undefined;
  const once = (): R => {
    if (outcome === undefined) {
      try {
        outcome = { result: proceed() };
      } catch (error) {
        outcome = { error };
      }
    }
    if ('error' in outcome) throw outcome.error;
    return outcome.result;
  };
  try {
    instrument.aroundLoad?.(load, once);
  } catch {
    // The loader's own error comes from the next line.
  }
  return once();
}
