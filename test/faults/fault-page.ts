import type { Outcome } from './run-scene.js';
import { cellTable, faultTable } from './table.js';

/** The page of the docs that shows the tables. */
export function page(outcomes: readonly Outcome[]): string {
  const { version, platform, arch } = process;
  return `# What happens when a server fails

Written by \`npm run docs:faults\`, with Node ${version} on ${platform} ${arch}. Two nodes with memory, the tier named and a bus
are under a steady small load of every operation while the fault happens to a real server, or on the way to it; a third
node closes in the middle of it. Then the fault ends, and the nodes are left to themselves. The tests repeat this, and fail
on a rejected call, on a wait beyond its deadline, and on a single value that had been outdated before.

A deadline is the tier's \`timeout\` (here 250 ms) for each call of the tier that an operation needs one after the other,
and 500 ms for the bus where the others have to be told. The breaker opens after a few of those, and from then on callers
wait for nothing. A scene in which nothing but a wait was wrong is played again, twice at most: another process of the machine
may have had the processor.

## By fault

Recovered: how long after the end of the fault every node had only what is true, heard of the others again and used the
tier again. Stale then: values read after that which had been outdated. Lost: entries that nobody touched and that were not
found afterwards, which costs a load each.

${faultTable(outcomes)}

## By fault and operation

The longest wait of a caller, its deadline, and the worst delay of the event loop while the load ran. Outdated: values that
the node had outdated itself before it was asked, or that belong to another key.

${cellTable(outcomes)}
`;
}
