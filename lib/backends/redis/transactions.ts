import { unlessError, type Argument, type Command, type Reply } from './redis-connection.js';
import type { RedisLink } from './redis-link.js';

/*
 * Many keys for which the server decides nothing are a transaction and no script: the values of a script pass through Lua,
 * which takes the server longer than all the rest. Only their lifetimes are left to a script. It is sent by its text, since a
 * transaction whose script the server does not know would be carried out without it.
 *
 * A transaction needs a connection of its own to one server, over which nothing of others comes in between.
 */

/** The values of some keys, and how many milliseconds each has left: -1 without end, -2 for one that has none. */
export interface ValuesRead {
  readonly values: readonly (Buffer | null)[];
  readonly left: readonly number[];
}

const LIFETIMES = `local left = {}
for i = 1, #KEYS do left[i] = redis.call('PTTL', KEYS[i]) end
return left`;

/** ARGV: the lifetime of all, or of each. */
const LIMIT = `for i = 1, #KEYS do redis.call('PEXPIRE', KEYS[i], ARGV[i] or ARGV[1]) end`;

/** Reads keys, and the lifetimes of the first `limited` of them. */
export function readingOf(keys: readonly string[], limited: number): readonly Command[] {
  const read = command(keys, 'MGET', keys);
  return limited === 0 ? [read] : [read, scriptOf(LIFETIMES, keys.slice(0, limited), [])];
}

export function valuesRead([values, left]: readonly Reply[]): ValuesRead {
  return { values: values as readonly (Buffer | null)[], left: (left ?? []) as readonly number[] };
}

/**
 * Removes keys, and writes others.
 * @param lives one for each that is written, or one for all; only that of all may be '', which is without end
 */
export function writingOf(
  removed: readonly string[],
  keys: readonly string[],
  values: readonly Buffer[],
  lives: readonly string[],
): readonly Command[] {
  const pairs: Argument[] = [];
  for (let at = 0; at < keys.length; at++) pairs.push(keys[at] as string, values[at] as Buffer);
  const write = [command(keys, 'DEL', removed), command(keys, 'MSET', pairs)];
  // What is written has no end at first.
  return lives[0] === '' ? write : [...write, scriptOf(LIMIT, keys, lives)];
}

/** Fewer keys are one script: the commands of a transaction cost both sides more than values in Lua do. */
const MIN_KEYS = 25;

/** Transactions over one link, for as long as the server takes them. */
export class Transactions {
  /** The server lacks one of the commands, or the user the right to it: everything is a script from then on. */
  private isRefused = false;

  constructor(private readonly link: RedisLink) {}

  /**
   * Runs each list of commands in one step, all in one pipeline. The replies of each; throws what failed. `undefined`
   * where a script must do it, whether or not some of the commands are done: over several servers, for few keys, or where
   * the server refuses. For the time being it does so when it has no memory to keep the commands in, not even those of reads.
   * @param keys how many there are in all of them
   */
  async run(keys: number, transactions: () => readonly (readonly Command[])[]): Promise<RepliesOfEach | undefined> {
    if (this.isRefused || keys < MIN_KEYS || this.link.connection?.isCluster !== false) return undefined;
    const lists = transactions();
    const replies = await this.link.send(
      lists.flatMap((commands) => [bare(commands, 'MULTI'), ...commands, bare(commands, 'EXEC')]),
    );
    // Proxies have words of their own for what they do not pass on.
    const isBegun = !isError(replies[0], /^ERR /);
    if (!isBegun || replies.some((reply) => isError(reply, /^(NOPERM|ERR unknown command)/))) this.isRefused = true;
    if (this.isRefused || replies.some((reply) => isError(reply, /^OOM/))) return undefined;
    let end = 0;
    return lists.map((commands) => {
      const begin = end;
      end += commands.length + 2;
      // Of one that was not carried out, what was wrong with it comes before the reply that says so.
      const done = unlessError(replies.slice(begin, end)).at(-1);
      if (!Array.isArray(done)) throw new Error('the server answered EXEC with something else than replies');
      return unlessError(done as readonly Reply[]);
    });
  }
}

type RepliesOfEach = readonly (readonly Reply[])[];

function isError(reply: Reply | undefined, known: RegExp): boolean {
  return reply instanceof Error && known.test(reply.message);
}

function scriptOf(text: string, keys: readonly string[], args: readonly Argument[]): Command {
  return command(keys, 'EVAL', [text, String(keys.length), ...keys, ...args]);
}

function command([key]: readonly string[], name: string, args: readonly Argument[]): Command {
  return { key: key as string, name, args };
}

function bare([first]: readonly Command[], name: string): Command {
  return { key: first?.key ?? '', name, args: [] };
}
