import type { BusListener } from '../../tiers/index.js';

const STEP_MS = 5;
/** After this many steps what a test waits for does not come. */
const MAX_STEPS = 2_000;

/** Records what a bus tells, for a test to wait for and to look at. */
export class BusRecorder {
  readonly calls: string[] = [];
  readonly messages: string[] = [];
  readonly connections: ('complete' | 'unknown')[] = [];
  readonly errors: unknown[] = [];
  disconnections = 0;

  constructor(private readonly wait: (ms: number) => void | Promise<void>) {}

  readonly listener: BusListener = {
    message: (text) => {
      this.calls.push('message');
      this.messages.push(text);
    },
    connected: (continuity) => {
      this.calls.push(`connected ${continuity}`);
      this.connections.push(continuity);
    },
    disconnected: () => {
      this.calls.push('disconnected');
      this.disconnections++;
    },
    error: (error) => this.errors.push(error),
  };

  /** Resolves as soon as `holds`; rejects when that does not come. */
  async until(holds: (now: this) => boolean): Promise<void> {
    for (let step = 0; step < MAX_STEPS; step++) {
      if (holds(this)) return;
      await this.wait(STEP_MS);
    }
    throw new Error(
      `what the test waits for did not come; the bus told ${this.messages.length} messages, ` +
        `${this.connections.length} connections, ${this.disconnections} disconnections`,
    );
  }
}
