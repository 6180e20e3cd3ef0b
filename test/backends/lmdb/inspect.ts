import { join } from 'node:path';
import { open } from 'lmdb';
import { decodeHead, weightOf, type Head } from '../../../lib/backends/lmdb/record.js';

/** What is wrong with the trees of a data file that nobody has open: each record against its places and its body, and the totals against their sum. */
export async function inconsistencies(
  folder: string,
): Promise<{ problems: string[]; records: number; usedBytes: number }> {
  const binary = { keyEncoding: 'binary', encoding: 'binary' } as const;
  const root = open<Buffer, Buffer>({
    path: join(folder, 'strata-1.mdb'),
    noSubdir: true,
    noSync: true,
    overlappingSync: false,
    maxDbs: 8,
    ...binary,
  });
  const tree = (name: string) => root.openDB<Buffer, Buffer>(name, binary);
  const [heads, bodies, queue, expiry, single] = ['heads', 'bodies', 'queue', 'expiry', 'single'].map(tree) as [
    ReturnType<typeof tree>,
    ReturnType<typeof tree>,
    ReturnType<typeof tree>,
    ReturnType<typeof tree>,
    ReturnType<typeof tree>,
  ];
  const problems: string[] = [];
  const number = (...values: number[]): Buffer => {
    const bytes = Buffer.alloc(8 * values.length);
    for (const [at, value] of values.entries()) bytes.writeDoubleBE(value, 8 * at);
    return bytes;
  };
  let records = 0;
  let apart = 0;
  let expiring = 0;
  let weights = 0;
  for (const { key, value } of heads.getRange({})) {
    const head: Head = decodeHead(value);
    const at = key.toString('hex');
    records++;
    weights += head.weight;
    if (queue.getBinary(number(head.position))?.equals(key) !== true) problems.push(`${at} is not in the queue`);
    if (head.expiresAtMs < Infinity) {
      expiring++;
      if (expiry.getBinary(number(head.expiresAtMs, head.id))?.equals(key) !== true)
        problems.push(`${at} is not in the order of expiry`);
    }
    const body = head.inline ?? bodies.getBinary(number(head.id));
    if (head.inline === undefined) apart++;
    if (body === undefined) problems.push(`${at} has no bytes`);
    else if (weightOf(key, head, body.length) !== head.weight) problems.push(`${at} weighs something else`);
  }
  const counts = {
    queue: [queue.getCount(), records],
    bodies: [bodies.getCount(), apart],
    expiry: [expiry.getCount(), expiring],
  };
  for (const [name, [actual, expected]] of Object.entries(counts)) {
    if (actual !== expected) problems.push(`${name} holds ${actual} records of ${expected}`);
  }
  const usedBytes = single.getBinary(Buffer.from('totals'))?.readDoubleBE(0) ?? 0;
  if (usedBytes !== weights) problems.push(`${usedBytes} bytes are told as used, ${weights} are`);
  await root.close();
  return { problems, records, usedBytes };
}
