import type { Block } from '../../../lib/backends/threads/claims.js';
import type { Entries } from '../../../lib/backends/threads/entries.js';
import { ENTRY } from '../../../lib/backends/threads/slots.js';
import { nameOf } from './small-memory.js';

/** What a thread does to one key. */
export type Operation =
  /** `isPrepared`: its block was filled before the threads began, so that the lock is all that they meet at. */
  | { readonly do: 'put'; readonly value: number; readonly fence?: string; readonly isPrepared?: boolean }
  | { readonly do: 'remove' }
  | { readonly do: 'get' }
  | { readonly do: 'fence' }
  | { readonly do: 'generation' }
  | { readonly do: 'renew' }
  | { readonly do: 'lease'; readonly holder: string }
  | { readonly do: 'release'; readonly holder: string };

/** What it returned, as text. */
export type Outcome = string;

/** What a key has, by the rules. */
export interface KeyState {
  readonly entry?: number;
  readonly fence?: string;
  readonly generation?: string;
  readonly lease?: string;
}

const KEY = nameOf('k');
const VALUE_BYTES = 16;

/** Fills the block of an operation that has one before. */
export function prepare(operation: Operation, { table }: Entries): Block | undefined {
  if (operation.do !== 'put' || operation.isPrepared !== true) return undefined;
  return table.prepare(ENTRY, KEY, valueOf(operation.value), Infinity, 0);
}

/** Does it to a real memory. */
export function perform(operation: Operation, entries: Entries, block?: Block): Outcome {
  const { guards, table } = entries;
  switch (operation.do) {
    case 'put': {
      const { value, fence } = operation;
      if (block !== undefined) return String(entries.link(KEY, block, fence, 0));
      return String(entries.write(KEY, valueOf(value), Infinity, fence, 0));
    }
    case 'remove':
      entries.remove(KEY, 0);
      return 'done';
    case 'get':
      return shown(table.value(ENTRY, KEY, 0));
    case 'fence':
      return guards.fence(KEY, 1, 0);
    case 'generation':
      return guards.generationOrNew(KEY, 0);
    case 'renew':
      guards.renew(KEY, 0);
      return 'done';
    case 'lease':
      return String(guards.lease(KEY, operation.holder, 1, 0));
    case 'release':
      guards.release(KEY, operation.holder, 0);
      return 'done';
  }
}

/** Does it by the rules, and tells whether `outcome` may be what it returned; `undefined`: nobody knows what it did. */
export function follow(operation: Operation, state: KeyState, outcome: Outcome | undefined): KeyState | undefined {
  const after = (next: KeyState, expected: Outcome): KeyState | undefined =>
    outcome === undefined || outcome === expected ? next : undefined;
  switch (operation.do) {
    case 'put': {
      const { value: entry, fence } = operation;
      const isOpen = fence === undefined || state.fence === fence;
      return isOpen ? after({ ...state, entry, fence: undefined }, 'true') : after(state, 'false');
    }
    case 'remove':
      return after({ ...state, entry: undefined, fence: undefined }, 'done');
    case 'get':
      return after(state, String(state.entry ?? 'none'));
    case 'fence':
      return state.fence === undefined ? { ...state, fence: outcome ?? 'new' } : after(state, state.fence);
    case 'generation':
      if (state.generation === undefined) return { ...state, generation: outcome ?? 'new' };
      return after(state, state.generation);
    case 'renew':
      return after({ ...state, generation: undefined }, 'done');
    case 'lease': {
      const isFree = state.lease === undefined || state.lease === operation.holder;
      return isFree ? after({ ...state, lease: operation.holder }, 'true') : after(state, 'false');
    }
    case 'release':
      return after(state.lease === operation.holder ? { ...state, lease: undefined } : state, 'done');
  }
}

/** The same with something missing: whatever there is, a cache may lose. */
export function losses(state: KeyState): KeyState[] {
  const names = (['entry', 'fence', 'generation', 'lease'] as const).filter((name) => state[name] !== undefined);
  return Array.from({ length: 2 ** names.length }, (_, lost) => ({
    ...state,
    ...Object.fromEntries(names.filter((_name, bit) => (lost >> bit) & 1).map((name) => [name, undefined])),
  }));
}

function valueOf(byte: number): Uint8Array {
  return new Uint8Array(VALUE_BYTES).fill(byte);
}

function shown(bytes: Uint8Array | undefined): Outcome {
  if (bytes === undefined) return 'none';
  const [first] = bytes;
  return bytes.length === VALUE_BYTES && bytes.every((byte) => byte === first) ? String(first) : `torn ${bytes}`;
}
