import { parseArgs } from 'node:util';

export const USAGE = `npm run bench -- [flags]

  --rounds N       measure each row N times, in turns with all others (default 5, with --quick 3)
  --quick          fewer rows, shorter measurements: two minutes instead of half an hour
  --only PATTERN   only rows whose "workload library" matches this regular expression, and what they are compared with
  --out FILE       write the report there; without it only a full run does, to bench/RESULTS.md
  --json FILE      write the figures there, as data
  --tarball FILE   measure this packed package instead of packing the one here
  --cpu-prof DIR   write a CPU profile of every measurement into DIR
  --list           print the rows and measure nothing
`;

/** Reads the command line. Throws what the user should read. */
export function readFlags(args) {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      out: { type: 'string' },
      json: { type: 'string' },
      tarball: { type: 'string' },
      'cpu-prof': { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const rounds = Number(values.rounds ?? (values.quick ? 3 : 5));
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`--rounds must be a whole number from 1, was ${values.rounds}`);
  return {
    given: args.join(' '),
    rounds,
    quick: values.quick,
    only: values.only === undefined ? undefined : new RegExp(values.only, 'i'),
    isWhole: !values.quick && values.only === undefined,
    out: values.out,
    json: values.json,
    tarball: values.tarball,
    profileFolder: values['cpu-prof'],
    list: values.list,
    help: values.help,
  };
}
