import type { StoredResponse } from './http-message.js';

/** A response that only the request whose pipeline sent it may have. It is never stored. */
export class OwnResponse {
  constructor(
    readonly owner: object,
    /** Whether others may find something to share when they ask again; else each runs its own handler. */
    readonly canBeAskedAgain: boolean,
  ) {}
}

/** What the load of a route ends with. */
export type Loaded = StoredResponse | OwnResponse;

/** The handler has failed, which a response says to everybody who waited. */
export class FailedResponse extends Error {
  constructor(readonly response: StoredResponse) {
    super(`the handler answered with ${response.status}`);
    this.name = 'FailedResponse';
  }
}

/** The request whose handler ran for all has gone without a response: others have to ask again. */
export class PipelineGone extends Error {
  constructor() {
    super('the request whose handler was to run has gone');
    this.name = 'PipelineGone';
  }
}
