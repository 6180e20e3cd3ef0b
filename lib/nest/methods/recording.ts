import { finalize, Observable, ReplaySubject, type Subject, type Subscription } from 'rxjs';
import type { StoreStep } from '../steps/store-step.js';

/**
 * One subscription to a source, shared by all who subscribe while it runs, and what is going to be stored of it.
 *
 * Invariant: as long as it can be joined it still has every value. One that emits more than can be stored leaves the
 * joinable ones and settles {@link packed}; those who listen already get the rest as it comes.
 *
 * The load wants the source to its end, whoever listens. When it wants it no more, because there was too much or because
 * it was given up, the source goes on for those who listen, and is unsubscribed from with the last of them.
 */
export class Recording {
  /** The value to store: settles when the source completes or fails, or when it has emitted too much. */
  readonly packed: Promise<unknown>;
  private readonly subject: Subject<unknown>;
  private readonly collected: unknown[] = [];
  private resolve: (packed: unknown) => void = () => {};
  private reject: (error: unknown) => void = () => {};
  private recording = true;
  private connection: Subscription | undefined = undefined;
  private abandonment: { readonly reason: unknown } | undefined = undefined;
  private sourceCompleted = false;
  private landed = false;
  private load: Promise<unknown> | undefined = undefined;

  constructor(
    private readonly step: StoreStep,
    /** Called when nobody can join any more. */
    private readonly onRecorded: () => void,
  ) {
    this.subject = new ReplaySubject(step.form.limit + 1);
    this.packed = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  /** All values, from the first; completes when the load of them has ended, so that what is stored can be found then. */
  get values(): Observable<unknown> {
    return this.subject.pipe(finalize(() => this.disconnectUnlessWanted()));
  }

  /** Subscribes to the source; the signal tells when the load of it is given up. */
  connect(source: Observable<unknown>, signal: AbortSignal | undefined): void {
    signal?.addEventListener('abort', () => this.abandon(signal.reason), { once: true });
    // The connection is known before the source is subscribed to: it may emit, and be left, at once.
    const connected = new Observable<unknown>((subscriber) => {
      this.connection = subscriber;
      source.subscribe(subscriber);
    });
    connected.subscribe({
      next: (value) => this.next(value),
      error: (error) => {
        this.end(() => this.reject(error));
        this.subject.error(error);
      },
      complete: () => {
        this.sourceCompleted = true;
        this.end(() => this.resolve(this.step.form.pack(this.collected)));
        this.completeWhenLanded();
      },
    });
  }

  /** Names the load that this recording feeds. */
  endWith(load: Promise<unknown>): void {
    this.load = load;
    const land = (): void => {
      this.landed = true;
      this.completeWhenLanded();
    };
    load.then(land, land);
  }

  isOf(load: Promise<unknown>): boolean {
    return this.load === load;
  }

  private next(value: unknown): void {
    if (this.recording) {
      if (this.collected.length < this.step.form.limit) this.collected.push(value);
      else this.end(() => this.reject(this.step.form.overflow(this.step.parts.label)));
    }
    this.subject.next(value);
    this.disconnectUnlessWanted();
  }

  /** The load is given up: nobody joins any more, and nothing is going to be stored. */
  private abandon(reason: unknown): void {
    this.abandonment = { reason };
    this.onRecorded();
    this.disconnectUnlessWanted();
  }

  private disconnectUnlessWanted(): void {
    const isWanted = this.subject.observed || (this.recording && this.abandonment === undefined);
    if (isWanted || this.connection?.closed !== false) return;
    this.connection.unsubscribe();
    this.end(() => this.reject(this.abandonment?.reason));
  }

  private end(settle: () => void): void {
    if (!this.recording) return;
    this.recording = false;
    this.onRecorded();
    settle();
  }

  private completeWhenLanded(): void {
    if (this.sourceCompleted && this.landed) this.subject.complete();
  }
}
