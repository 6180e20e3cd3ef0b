import type { MetaCode } from './meta-replies.js';

/** One command of the meta protocol. */
export interface MetaRequest {
  /** Up to 250 bytes, none of them a space or a control character: made by `MemcachedKeys`, and by nothing else. */
  readonly key: string;
  /** The command without the flags that tie a reply to it; those are the connection's. */
  readonly command: string;
  /** What follows the command line. */
  readonly bytes?: Uint8Array;
  /** The answers that it can have. */
  readonly codes: readonly MetaCode[];
}

const VALUE_CODES: readonly MetaCode[] = ['VA', 'EN'];
const ITEM_CODES: readonly MetaCode[] = ['HD', 'EN'];
const SET_CODES: readonly MetaCode[] = ['HD', 'NS', 'EX', 'NF'];
const REMOVE_CODES: readonly MetaCode[] = ['HD', 'EX', 'NF'];

/** An item's bytes, client flags, remaining seconds and CAS; EN where there is none. */
export function getValue(key: string): MetaRequest {
  return { key, command: `mg ${key} v f t c`, codes: VALUE_CODES };
}

/** What is known of an item, which is made, empty, for `seconds` where there is none. */
export function getOrVivify(key: string, seconds: number): MetaRequest {
  return { key, command: `mg ${key} c f s t N${seconds}`, codes: ITEM_CODES };
}

/** What a set depends on: nothing, that there is no item, or that the item has this CAS. */
export type SetCondition = 'always' | 'absent' | { readonly cas: string };

export interface ItemWrite {
  readonly bytes: Uint8Array;
  readonly clientFlags: number;
  /** 0 stays until it is evicted. */
  readonly seconds: number;
  readonly condition: SetCondition;
}

/** HD: stored. NS: there is one. EX: it has another CAS. NF: there is none any more. */
export function set(key: string, { bytes, clientFlags, seconds, condition }: ItemWrite): MetaRequest {
  const only = condition === 'always' ? '' : condition === 'absent' ? ' ME' : ` C${condition.cas}`;
  return { key, command: `ms ${key} ${bytes.length} F${clientFlags} T${seconds}${only}`, bytes, codes: SET_CODES };
}

/** HD: removed. NF: there was none. EX: it has another CAS. */
export function remove(key: string, cas?: string): MetaRequest {
  return { key, command: cas === undefined ? `md ${key}` : `md ${key} C${cas}`, codes: REMOVE_CODES };
}
