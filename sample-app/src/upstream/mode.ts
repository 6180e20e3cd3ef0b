import { Injectable } from '@nestjs/common';

export const MODES = ['ok', 'fail', 'hang', 'slow'] as const;

/** How the weather service answers: at once, with 503, never, or after `delayMs`. */
export interface Mode {
  readonly mode: (typeof MODES)[number];
  /** Only in the mode `slow`. */
  readonly delayMs: number;
  /** How long the service says that its next answers hold. */
  readonly validForMs: number;
}

/** What the service was told to do, and the requests for weather that it got since its start. */
@Injectable()
export class ModeState {
  current: Mode = { mode: 'ok', delayMs: 1_000, validForMs: 300_000 };
  requests = 0;
  /** Requests that are neither answered nor given up by whoever asked. */
  waiting = 0;
}

/** The mode as `/mode` shows it. */
export interface ShownMode extends Mode, Pick<ModeState, 'requests' | 'waiting'> {}
