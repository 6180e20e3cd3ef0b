import type { MetaReply } from './meta-replies.js';

/*
 * Lifetimes in whole seconds of the server's clock, the only clock that is asked.
 *
 * The item of an entry outlives the entry. While the entry lives, and for an afterlife behind it, the item's CAS is the
 * fence of its key: a refresh that began shortly before the entry ended can still be stored after it. The client flags
 * tell an entry from a placeholder (which the server makes, with flags 0) and say what the item's remaining seconds mean:
 *
 *   bits 24..31  what the item is: E, G or L in ASCII
 *   bits 10..23  the afterlife in seconds
 *   bits  0..9   by how many milliseconds the entry's ttl was rounded up to whole seconds
 *
 * The server counts in ticks of a second, so an item that was written a moment ago may have aged by a tick already, and
 * one that shows no tick may be almost a second old. What is told to be left is the least that can be: it is 0 to 2 seconds
 * less than asked for, and never more than the truth. An entry of a second or less is therefore never found again.
 */
const ENTRY = 0x45;
const GENERATION = 0x47;
const LEASE = 0x4c;

const MAX_AFTERLIFE_SECONDS = 2 ** 14 - 1;
/** Larger numbers are an instant to the server, not a span. */
const MAX_SECONDS = 30 * 86_400;

/** The longest ttl of an entry. A day less than that: there must be room for an afterlife. */
export const MAX_TTL_MS = 1_000 * (MAX_SECONDS - 86_400);

export const GENERATION_FLAGS = (GENERATION << 24) >>> 0;
export const LEASE_FLAGS = (LEASE << 24) >>> 0;

/** For how long the server is told to keep an item, and its client flags. */
export interface ItemLife {
  readonly seconds: number;
  readonly clientFlags: number;
}

/** Of an entry whose fence is to hold for `hold` seconds behind it; the ttl is at most {@link MAX_TTL_MS}, or Infinity. */
export function entryLife(ttlMs: number, hold: number): ItemLife {
  if (ttlMs === Infinity) return { seconds: 0, clientFlags: (ENTRY << 24) >>> 0 };
  const afterlife = Math.min(placeholderSeconds(hold), MAX_AFTERLIFE_SECONDS);
  const keptMs = Math.min(ttlMs, MAX_TTL_MS);
  const seconds = Math.ceil(keptMs / 1_000);
  const roundedUpMs = Math.ceil(seconds * 1_000 - keptMs);
  return { seconds: seconds + afterlife, clientFlags: ((ENTRY << 24) | (afterlife << 10) | roundedUpMs) >>> 0 };
}

/** How many milliseconds an entry has left at least, 0 or less when it has ended; undefined where the item is no entry. */
export function entryLeftMs({ clientFlags = 0, ttlSeconds = Infinity }: MetaReply): number | undefined {
  if (clientFlags >>> 24 !== ENTRY) return undefined;
  const afterlife = (clientFlags >>> 10) & MAX_AFTERLIFE_SECONDS;
  return (ttlSeconds - afterlife - 1) * 1_000 - (clientFlags & 0x3ff);
}

/** Whole seconds within which a fence of this length certainly ends; about two hours at most. */
export function holdSeconds(ttlMs: number): number {
  return Math.min(Math.ceil(ttlMs / 1_000) + 1, MAX_AFTERLIFE_SECONDS >> 1);
}

/** Twice as long as the fence that makes it has to hold, so that the next one can share it. */
export function placeholderSeconds(hold: number): number {
  return 2 * hold;
}

/** A lease must not end before its time: a tick may be almost over when it begins. */
export function leaseSeconds(ttlMs: number): number {
  return Math.min(Math.ceil(ttlMs / 1_000) + 1, MAX_SECONDS);
}
