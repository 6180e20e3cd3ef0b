import type { EventLines, Hello, Tick } from '../wire.js';
import { address, refusal, ServerError } from './server.js';

/** Which events are wanted along with the numbers. */
export interface EventQuery {
  readonly cache: string;
  readonly types: string;
  readonly search: string;
}

export type ConnectionState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  | { readonly kind: 'waiting'; readonly forMs: number }
  | { readonly kind: 'refused'; readonly status: number };

/** Who hears what the server sends. */
export interface ConnectionListener {
  state(state: ConnectionState): void;
  hello(hello: Hello): void;
  tick(tick: Tick): void;
  events(batch: EventLines): void;
  /** The last sample that is known, and of which node. */
  since(): { readonly at: number; readonly node: string };
}

const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 5_000;
/** A server that says nothing for this many intervals is gone, whatever the network says. */
const SILENT_INTERVALS = 5;

/**
 * The stream of what happens, opened anew whenever it ends, or when other events are wanted. Read by `fetch`, because an
 * EventSource does not tell why a server refuses.
 */
export class Connection {
  private events: EventQuery | undefined = undefined;
  private abort = new AbortController();
  private failures = 0;
  private silence: number | undefined = undefined;
  private retry: number | undefined = undefined;

  constructor(private readonly listener: ConnectionListener) {}

  /** `undefined`: no events. */
  open(events: EventQuery | undefined): void {
    this.events = events;
    this.reopen();
  }

  private reopen(): void {
    this.abort.abort();
    clearTimeout(this.retry);
    this.abort = new AbortController();
    void this.run(this.abort.signal);
  }

  private async run(signal: AbortSignal): Promise<void> {
    this.listener.state({ kind: 'connecting' });
    this.watch();
    let status = 0;
    try {
      await this.read(signal);
    } catch (error) {
      if (error instanceof ServerError) ({ status } = error);
    }
    clearTimeout(this.silence);
    if (signal.aborted && signal.reason !== 'silent') return;
    const isRefused = status === 401 || status === 403;
    const forMs = isRefused ? MAX_DELAY_MS : Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** this.failures++);
    this.listener.state(isRefused ? { kind: 'refused', status } : { kind: 'waiting', forMs });
    this.retry = setTimeout(() => this.reopen(), forMs);
  }

  private async read(signal: AbortSignal): Promise<void> {
    const { events, listener } = this;
    const { at, node } = listener.since();
    const url = address('live', {
      since: String(at),
      node,
      ...(events !== undefined && { events: '1', ...events }),
    });
    const response = await fetch(url, { signal, credentials: 'same-origin', cache: 'no-store' });
    if (!response.ok || response.body === null) throw await refusal(response);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (true) {
      const { value, done } = await reader.read();
      if (done) return;
      const messages = (text + value).split('\n\n');
      text = messages.pop() ?? '';
      for (const message of messages) this.receive(message);
    }
  }

  private receive(message: string): void {
    const event = /^event: (\w+)$/m.exec(message)?.[1];
    const data = /^data: (.*)$/m.exec(message)?.[1];
    if (data === undefined) return;
    const body: unknown = JSON.parse(data);
    // What our own server sends under these names.
    if (event === 'hello') this.welcome(body as Hello);
    else if (event === 'tick') this.listener.tick(body as Tick);
    else if (event === 'events') this.listener.events(body as EventLines);
    if (event !== 'events') this.watch();
  }

  private welcome(hello: Hello): void {
    this.failures = 0;
    this.intervalMs = hello.intervalMs;
    this.listener.hello(hello);
    this.listener.state({ kind: 'live' });
  }

  private intervalMs = 2_000;

  private watch(): void {
    clearTimeout(this.silence);
    const patienceMs = Math.max(10_000, SILENT_INTERVALS * this.intervalMs);
    const { abort } = this;
    this.silence = setTimeout(() => abort.abort('silent'), patienceMs);
  }
}
