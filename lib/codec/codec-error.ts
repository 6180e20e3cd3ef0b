import { CacheError } from '../core/index.js';

/**
 * What went wrong: the value has no form in bytes, its form is larger than allowed, or bytes are not the form of a value.
 */
export type CodecFailure = 'unencodable' | 'too-large' | 'undecodable';

/** A value that cannot become bytes, or bytes that cannot become a value. */
export class CodecError extends CacheError {
  readonly code = 'CACHE_CODEC';
  /** Where in the value, such as `.user.tags[3]`; `''` for the value itself and where no place is known. */
  readonly path: string;

  constructor(
    readonly failure: CodecFailure,
    message: string,
    options: ErrorOptions & { readonly path?: string } = {},
  ) {
    super(message, options);
    this.path = options.path ?? '';
  }
}
