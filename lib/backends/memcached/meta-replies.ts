/** How the server answered one command of the meta protocol. */
export type MetaCode = 'HD' | 'VA' | 'EN' | 'NS' | 'EX' | 'NF' | 'MN';

/** One reply. What was not asked for is absent. */
export interface MetaReply {
  readonly code: MetaCode;
  /** The request's token, given back. */
  readonly opaque?: string;
  /** The key that the reply is about. */
  readonly key?: string;
  /** The item's CAS: a number of 64 bits, so a text here. */
  readonly cas?: string;
  readonly clientFlags?: number;
  /** Seconds until the item ends; `Infinity` when it does not. */
  readonly ttlSeconds?: number;
  readonly size?: number;
  /** The command made the item. */
  readonly vivified?: true;
  /** Only of VA, and absent from one that is longer than was to be kept. */
  readonly value?: Uint8Array;
}

/** The server refused a command; such a line names neither key nor token. */
export interface MetaRefusal {
  readonly code: 'refused';
  readonly message: string;
}

/** What came is not the protocol, so that nothing after it can be trusted either. */
export class MetaProtocolError extends Error {
  override readonly name = 'MetaProtocolError';
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
/** A key of 250 bytes and all flags are less than half of it. */
const MAX_LINE_BYTES = 1_024;
/** The largest item that a server can be started with. */
const MAX_VALUE_BYTES = 2 ** 30;
const CODES: ReadonlySet<string> = new Set<MetaCode>(['HD', 'VA', 'EN', 'NS', 'EX', 'NF', 'MN']);
const REFUSAL = /^(?:ERROR|CLIENT_ERROR|SERVER_ERROR)(?: .*)?$/;

/** A reply whose value is still coming. */
interface OpenValue {
  readonly reply: MetaReply;
  /** Undefined when the value is passed over. */
  readonly bytes: Uint8Array | undefined;
  readonly size: number;
  /** How many bytes of the value, and then of the line end after it, have come. */
  received: number;
}

type Mutable<T> = { -readonly [P in keyof T]: T[P] };

/**
 * Reads the server's side of the meta protocol from chunks cut anywhere. Strict: the first byte that cannot be right ends
 * it by a {@link MetaProtocolError}, since whatever follows could belong to anything. Values are copied out of the chunks.
 * It holds at most one line and one value of `maxValueBytes`; longer values are passed over, and told without their bytes.
 */
export class MetaReplyParser {
  private line = '';
  private open: OpenValue | undefined;

  constructor(
    private readonly maxValueBytes: number,
    private readonly onReply: (reply: MetaReply | MetaRefusal) => void,
  ) {}

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length)
      at = this.open === undefined ? this.readLine(chunk, at) : this.readValue(chunk, at, this.open);
  }

  private readLine(chunk: Buffer, from: number): number {
    const end = chunk.indexOf(LINE_FEED, from);
    const to = end < 0 ? chunk.length : end;
    if (this.line.length + to - from > MAX_LINE_BYTES) throw new MetaProtocolError('a line without an end');
    this.line += chunk.toString('latin1', from, to);
    if (end < 0) return chunk.length;
    const { line } = this;
    this.line = '';
    if (!line.endsWith('\r')) throw new MetaProtocolError(`a line that ends in LF alone: ${shown(line)}`);
    this.take(line.slice(0, -1));
    return end + 1;
  }

  private take(line: string): void {
    if (REFUSAL.test(line)) return this.onReply({ code: 'refused', message: line });
    const tokens = line.split(' ');
    const code = tokens[0] as MetaCode;
    if (!CODES.has(code)) throw new MetaProtocolError(`an unknown reply: ${shown(line)}`);
    if (code !== 'VA') return this.onReply(withFlags(code, tokens, 1, line));
    const size = wholeNumber(tokens[1] ?? '', MAX_VALUE_BYTES, line);
    const bytes = size <= this.maxValueBytes ? new Uint8Array(size) : undefined;
    this.open = { reply: withFlags(code, tokens, 2, line), bytes, size, received: 0 };
  }

  private readValue(chunk: Buffer, from: number, open: OpenValue): number {
    const { bytes, reply, size } = open;
    let at = from;
    if (open.received < size) {
      at = Math.min(chunk.length, from + size - open.received);
      bytes?.set(chunk.subarray(from, at), open.received);
      open.received += at - from;
    }
    for (; at < chunk.length && open.received < size + 2; at++, open.received++) {
      const expected = open.received === size ? CARRIAGE_RETURN : LINE_FEED;
      if (chunk[at] !== expected) throw new MetaProtocolError(`a value longer than the ${size} bytes announced`);
    }
    if (open.received === size + 2) {
      this.open = undefined;
      this.onReply(bytes === undefined ? reply : { ...reply, value: bytes });
    }
    return at;
  }
}

function withFlags(code: MetaCode, tokens: readonly string[], first: number, line: string): MetaReply {
  const reply: Mutable<MetaReply> = { code };
  for (let i = first; i < tokens.length; i++) {
    const token = tokens[i] as string;
    const rest = token.slice(1);
    switch (token[0]) {
      case 'O':
        reply.opaque = rest;
        break;
      case 'k':
        reply.key = rest;
        break;
      case 'c':
        if (!/^\d{1,20}$/.test(rest)) throw new MetaProtocolError(`a CAS that is no number: ${shown(line)}`);
        reply.cas = rest;
        break;
      case 'f':
        reply.clientFlags = wholeNumber(rest, 2 ** 32 - 1, line);
        break;
      case 't':
        reply.ttlSeconds = rest === '-1' ? Infinity : wholeNumber(rest, 2 ** 32 - 1, line);
        break;
      case 's':
        reply.size = wholeNumber(rest, MAX_VALUE_BYTES, line);
        break;
      case 'W':
        reply.vivified = true;
        break;
      // "Somebody has been told W already", and "stale", which nothing here makes: neither matters.
      case 'Z':
      case 'X':
        break;
      default:
        throw new MetaProtocolError(`an unknown flag: ${shown(line)}`);
    }
  }
  return reply;
}

function wholeNumber(text: string, max: number, line: string): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Infinity;
  if (number > max) throw new MetaProtocolError(`a number out of range: ${shown(line)}`);
  return number;
}

function shown(line: string): string {
  return JSON.stringify(line.slice(0, 60));
}
