import { isTaken } from '../../../lib/backends/threads/claims.js';
import { SpaceName, RecordName } from '../../../lib/backends/threads/record-name.js';
import { Records } from '../../../lib/backends/threads/records.js';
import { Segments } from '../../../lib/backends/threads/segments.js';
import { Slots } from '../../../lib/backends/threads/slots.js';
import { attach, type ThreadsMemory } from '../../../lib/backends/threads/threads-memory.js';

/** What is in a memory on which no thread works. */
export interface Inspection {
  /** What contradicts itself. */
  readonly problems: readonly string[];
  readonly linked: number;
  /** Blocks that belong to nobody any more. */
  readonly orphans: number;
  /** Buckets whose holder has died. */
  readonly locked: number;
  readonly blockBytes: number;
}

/** Looks through all of a memory: each record is whole, under its own hash, in one slot, in a block that is taken. */
export function inspect(memory: ThreadsMemory, space: string): Inspection {
  const { words, geometry, seed } = attach(memory);
  const slots = new Slots(geometry);
  const records = new Records(words, geometry.totalBytes / 4);
  const segments = new Segments(words, geometry);
  const name = new SpaceName(space, seed);
  const problems: string[] = [];
  const linked = new Set<number>();
  let locked = 0;
  for (let bucket = 0; bucket < geometry.bucketCount; bucket++) {
    const bucketAt = geometry.bucketsAt + bucket * geometry.bucketWords;
    if ((words.load(bucketAt) & 1) === 1) locked++;
    for (let slotAt = bucketAt + 2; slotAt < bucketAt + geometry.bucketWords; slotAt++) {
      const slot = words.load(slotAt);
      if (slot <= 0) continue;
      const unit = slots.unitOf(slot);
      const recordAt = slots.recordAt(unit);
      const kind = slots.kindOf(slot);
      const claim = words.load(geometry.claimsAt + unit);
      if (linked.has(unit)) problems.push(`block ${unit} is in two slots`);
      linked.add(unit);
      if (!isTaken(claim)) problems.push(`block ${unit} is linked and free`);
      if (slots.bucketAt(records.hashAt(recordAt)) !== bucketAt)
        problems.push(`block ${unit} is in a bucket of others`);
      const key = records.keyAt(recordAt, kind, name);
      if (key === undefined) {
        problems.push(`block ${unit} has no key of the space`);
        continue;
      }
      const record = new RecordName(name, key);
      const bytes = records.valueBytes(recordAt, record) ?? -1;
      const value = new Int32Array((Math.max(bytes, 0) + 3) >>> 2);
      if (!records.matches(recordAt, kind, record)) problems.push(`block ${unit} does not match its own name`);
      if (bytes < 0 || !records.copy(recordAt, claim, record, bytes, value, 0)) problems.push(`block ${unit} is torn`);
      if (segments.classOf(segments.load(segments.ofUnit(unit))) === -1) problems.push(`block ${unit} is of no class`);
    }
  }
  const count = linked.size;
  let orphans = 0;
  let units = 0;
  for (let segment = 0; segment < geometry.segmentCount; segment++) {
    const sizeClass = segments.classOf(segments.load(segment));
    for (let block = 0; sizeClass >= 0 && block < segments.blocksOf(sizeClass); block++) {
      const unit = segments.unitOf(segment, sizeClass, block);
      if (!isTaken(words.load(geometry.claimsAt + unit))) continue;
      units += geometry.classes[sizeClass] ?? 0;
      if (!linked.has(unit)) orphans++;
      else linked.delete(unit);
    }
  }
  for (const unit of linked)
    problems.push(`block ${unit} is linked, and does not begin where blocks of its segment do`);
  return { problems, linked: count, orphans, locked, blockBytes: units * geometry.unitWords * 4 };
}
