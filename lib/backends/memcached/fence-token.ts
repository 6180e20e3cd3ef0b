/** What a fence is. */
export interface FenceToken {
  /** The run of the server within which the CAS means something; see {@link MetaConnection.epoch}. */
  readonly epoch: string;
  /** Of the key's item. */
  readonly cas: string;
  /** For how long it was asked to hold. */
  readonly holdSeconds: number;
  /**
   * When it is lost, by the clock of the process that took it. To another process that instant means nothing, and it may
   * lose the token sooner or later than that, which is harmless: the CAS alone decides what is outdated.
   */
  readonly endsAtMs: number;
}

const FORM = /^([\w-]{1,64})\.(\d{1,20})\.(\d{1,4})\.(\d{1,15})$/;

export function fenceText({ cas, endsAtMs, epoch, holdSeconds }: FenceToken): string {
  return `${epoch}.${cas}.${holdSeconds}.${Math.min(Math.ceil(endsAtMs), 1e15 - 1)}`;
}

/** Undefined for a text that is no token of ours: it permits nothing. */
export function parseFence(text: string): FenceToken | undefined {
  const parts = FORM.exec(text);
  if (parts === null) return undefined;
  const [, epoch, cas, hold, end] = parts as unknown as [string, string, string, string, string];
  return { epoch, cas, holdSeconds: Number(hold), endsAtMs: Number(end) };
}
