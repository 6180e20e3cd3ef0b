/** A cache event as `/events` sends it. */
export interface SentEvent {
  readonly type: string;
  readonly cache: string;
  readonly key?: unknown;
  readonly cause?: string;
  readonly group?: string;
}

/** Reads server-sent events, one after the other. */
export class EventStream {
  private readonly events: AsyncIterator<SentEvent>;
  private readonly abort: AbortController;

  private constructor(response: Response, abort: AbortController) {
    this.abort = abort;
    this.events = messages(response);
  }

  /** Resolves when the server has answered, and so has begun to listen. */
  static async open(address: string): Promise<EventStream> {
    const abort = new AbortController();
    const response = await fetch(address, { signal: abort.signal, headers: { accept: 'text/event-stream' } });
    if (response.status !== 200) throw new Error(`${address} answered ${response.status}`);
    return new EventStream(response, abort);
  }

  /** The next events, waited for. */
  async take(count: number): Promise<SentEvent[]> {
    const taken: SentEvent[] = [];
    while (taken.length < count) {
      const { value, done } = await this.events.next();
      if (done) throw new Error(`the stream ended after ${taken.length} of ${count} events`);
      taken.push(value);
    }
    return taken;
  }

  /** Whether the server ends the stream, rather than sending more. */
  async ends(): Promise<boolean> {
    return (await this.events.next()).done === true;
  }

  close(): void {
    this.abort.abort();
  }
}

async function* messages(response: Response): AsyncGenerator<SentEvent> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const data = block.split('\n').find((line) => line.startsWith('data: '));
      if (data !== undefined) yield JSON.parse(data.slice('data: '.length)) as SentEvent; // asserted by the tests
    }
  }
}
