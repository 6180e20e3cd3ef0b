import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { AddressInfo } from 'node:net';

/** A node that failed is left out for so long. */
const REST_MS = 500;

/**
 * A tiny proxy: each request goes to the next node; one whose connection breaks before it has answered goes on to another
 * node where repeating it does no harm, as the proxies that stand before real apps do it.
 */
export class RoundRobin {
  private nodes: readonly string[] = [];
  private readonly restingUntilMs = new Map<string, number>();
  private next = 0;
  private readonly agent = new Agent({ keepAlive: true });
  private readonly server: Server;

  constructor() {
    this.server = createServer((incoming, response) => void this.pass(incoming, response));
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    const { port } = this.server.address() as AddressInfo; // it listens on a port
    return `http://127.0.0.1:${port}`;
  }

  use(nodes: readonly string[]): void {
    this.nodes = nodes;
    this.restingUntilMs.clear();
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
    this.agent.destroy();
  }

  private async pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(incoming).catch(() => undefined);
    if (body === undefined) return;
    let problem: unknown;
    for (const node of this.candidates()) {
      try {
        const answer = await ask(node, incoming, body, this.agent);
        response.writeHead(answer.status, answer.headers).end(answer.body);
        return;
      } catch (error) {
        problem = error;
        this.restingUntilMs.set(node, performance.now() + REST_MS);
        const wasRefused = error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
        if (incoming.method !== 'GET' && !wasRefused) break;
      }
    }
    response.writeHead(502).end(String(problem ?? 'there is no node'));
  }

  /** All nodes once, the next first; those that failed lately last. */
  private candidates(): string[] {
    const start = this.next++;
    const turned = this.nodes.map((_, at) => this.nodes[(start + at) % this.nodes.length] as string); // at is within
    const isResting = (node: string): boolean => (this.restingUntilMs.get(node) ?? 0) > performance.now();
    return [...turned.filter((node) => !isResting(node)), ...turned.filter(isResting)];
  }
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

function ask(node: string, { method, url, headers }: IncomingMessage, body: Buffer, agent: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(node + url, { method, headers, agent }, (response) => {
      const { statusCode: status = 502, headers: given } = response;
      const { 'transfer-encoding': _encoding, connection: _connection, ...kept } = given;
      buffer(response).then((answer) => resolve({ status, headers: kept, body: answer }), reject);
    });
    asked.once('error', reject);
    asked.end(body);
  });
}
