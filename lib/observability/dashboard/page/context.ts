import type { EventQuery } from './connection.js';
import type { Model } from './model.js';
import type { Route } from './route.js';

export type Tone = 'accent' | 'warn' | 'bad';

/** What the views see of the page around them. */
export interface PageContext {
  readonly model: Model;
  readonly route: Route;
  readonly rangeMs: number;
  go(route: Partial<Route>): void;
  /** Shows a message until it is dismissed, or another of the same kind replaces it. */
  notify(kind: string, text: string, tone?: Tone): void;
  /** An answer came from this node. */
  answeredBy(node: string): void;
  /** Which events the view wants; `undefined` is none. */
  listen(events: EventQuery | undefined): void;
}

/** One of the views. It is made when somebody goes there, and left when they go elsewhere. */
export interface View {
  readonly element: HTMLElement;
  /** Something is known that was not. */
  update(): void;
  leave(): void;
}
