import { firstDefined, OptionProblems } from '../../core/index.js';

/** What a bus within one host can be told. */
export interface LocalBusOptions {
  /** Its name in events. @defaultValue 'cluster', 'broadcast' */
  readonly name?: string;
}

/** The name that a bus gets. */
export function resolveBusName(subject: string, options: LocalBusOptions, fallback: string): string {
  const problems = new OptionProblems(subject);
  problems.requireObject('options', options);
  problems.refuseUnknown(options, ['name']);
  const name = firstDefined(options.name, fallback) as string;
  const isName = typeof name === 'string' && /^[\w-]{1,64}$/.test(name);
  problems.require(isName, 'name', 'must be 1 to 64 letters, digits, "-" or "_"', options.name);
  problems.throwIfAny();
  return name;
}
