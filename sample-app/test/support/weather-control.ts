import type { Mode, ShownMode } from '../../src/upstream/mode.js';

/** The weather service that a running app has started, at its own port. */
export class WeatherControl {
  constructor(readonly address: string) {}

  /** Tells it how to answer from now on; what is absent stays. */
  async set(mode: Partial<Mode>): Promise<ShownMode> {
    const response = await fetch(`${this.address}/mode`, {
      method: 'PUT',
      body: JSON.stringify(mode),
      headers: { 'content-type': 'application/json' },
    });
    if (response.status !== 200) throw new Error(`the weather service refused: ${await response.text()}`);
    return (await response.json()) as ShownMode; // what it documents
  }

  async requests(): Promise<number> {
    return (await this.set({})).requests;
  }

  /** How many requests it has neither answered nor seen given up. */
  async waiting(): Promise<number> {
    return (await this.set({})).waiting;
  }

  /** How many requests it gets while the work runs. */
  async requestsDuring(work: () => Promise<unknown>): Promise<number> {
    const before = await this.requests();
    await work();
    return (await this.requests()) - before;
  }
}
