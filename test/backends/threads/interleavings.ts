import type { Words } from '../../../lib/backends/threads/words.js';
import { SteppedWords, type PendingStep, type Progress, type RecordPlaces } from './stepped-words.js';

/** What one thread does: a function of the shared memory, and of nothing else. */
export type Thread<T> = (words: Words) => T;

/** How a run ended. */
export interface Ending<T> {
  readonly cells: Int32Array;
  /** What each thread returned; `undefined` of one that died. */
  readonly results: readonly (T | undefined)[];
  /** For each thread, which of the others had returned before it began. */
  readonly after: readonly (readonly number[])[];
  readonly takeovers: number;
  readonly deaths: number;
  /** Whose turn it was, step for step; `!` before a takeover. */
  readonly schedule: string;
}

/** What may happen to threads beside their turns. */
export interface Adversary {
  /** How often each thread may lose patience with a holder that lives. */
  readonly takeovers?: readonly number[];
  /** A thread that ends before one of its steps, the first being 0. */
  readonly dies?: { readonly thread: number; readonly step: number };
}

/** What a step touches: words from–to, or below zero the sign that a thread has returned. */
interface Access {
  readonly from: number;
  readonly to: number;
  readonly writes: boolean;
}

interface Place<T> {
  readonly log: readonly number[];
  readonly progress: Progress<T> | 'to begin' | 'returned' | 'dead';
  readonly result: T | undefined;
  readonly takeoversLeft: number;
  readonly after: readonly number[];
}

interface State<T> {
  readonly cells: Int32Array;
  readonly places: readonly Place<T>[];
  readonly schedule: string;
  readonly takeovers: number;
}

/** A step that was done, and for each thread the last of its steps that must have come before. */
interface Done {
  readonly thread: number;
  readonly access: Access;
  readonly clock: readonly number[];
  readonly enabled: readonly number[];
  /** Whose turn it must have been here as well. */
  readonly toTry: Set<number>;
}

/**
 * Runs threads in every order of their steps, and hands each ending to `judge`. Two orders that differ only in steps that do
 * not touch the same word (or only read it) are one: dynamic partial-order reduction with sleep sets (Flanagan and
 * Godefroid, POPL 2005; Godefroid, LNCS 1032). Returns how many runs there were.
 */
export function everyOrder<T>(
  cells: Int32Array,
  threads: readonly Thread<T>[],
  { records, ...adversary }: Adversary & { readonly records: RecordPlaces },
  judge: (ending: Ending<T>) => void,
): number {
  const path: Done[] = [];
  let runs = 0;

  const explore = (state: State<T>, asleep: ReadonlySet<number>): void => {
    const enabled = threads.map((_, i) => i).filter((i) => outcomes(state, i, adversary).length > 0);
    if (enabled.length === 0) {
      if (!state.places.every(({ progress }) => progress === 'returned' || progress === 'dead')) {
        throw new Error(`stuck after ${state.schedule}`);
      }
      runs++;
      judge(endingOf(state, adversary));
      return;
    }
    for (const [i] of threads.entries()) noteConflicts(path, state, i);
    const first = enabled.find((i) => !asleep.has(i));
    if (first === undefined) return;
    const toTry = new Set([first]);
    const slept = new Set(asleep);
    for (;;) {
      const thread = [...toTry].find((i) => !slept.has(i));
      if (thread === undefined) return;
      const access = accessOf(state, thread);
      path.push({ thread, access, clock: clockAfter(path, thread, access), enabled, toTry });
      const stillAsleep = new Set([...slept].filter((i) => !dependent(accessOf(state, i), access)));
      for (const outcome of outcomes(state, thread, adversary)) {
        explore(stepped(state, threads, thread, outcome, records), stillAsleep);
      }
      path.pop();
      slept.add(thread);
    }
  };

  const place: Place<T> = { log: [], progress: 'to begin', result: undefined, takeoversLeft: 0, after: [] };
  const places = threads.map((_, i) => ({ ...place, takeoversLeft: adversary.takeovers?.[i] ?? 0 }));
  explore({ cells, places, schedule: '', takeovers: 0 }, new Set());
  return runs;
}

/** Where the step that a thread is about to do could have come before one that was done, that is to be tried. */
function noteConflicts<T>(path: readonly Done[], state: State<T>, thread: number): void {
  if (isOver(placeOf(state, thread))) return;
  const access = accessOf(state, thread);
  const own = path.findLast((done) => done.thread === thread)?.clock ?? [];
  for (let at = path.length - 1; at >= 0; at--) {
    const done = path[at] as Done; // within the path
    if (done.thread === thread) continue;
    if (!dependent(done.access, access)) continue;
    if (at < (own[done.thread] ?? 0)) return;
    if (done.enabled.includes(thread)) done.toTry.add(thread);
    else for (const other of done.enabled) done.toTry.add(other);
    return;
  }
}

/** For each thread one more than the place in the path of its last step that comes before this one in every order. */
function clockAfter(path: readonly Done[], thread: number, access: Access): number[] {
  const clock: number[] = [];
  for (let at = path.length - 1; at >= 0; at--) {
    const done = path[at] as Done; // within the path
    if (at < (clock[done.thread] ?? 0)) continue; // known by one that came later
    if (done.thread !== thread && !dependent(done.access, access)) continue;
    for (let i = 0; i < done.clock.length; i++) clock[i] = Math.max(clock[i] ?? 0, done.clock[i] ?? 0);
  }
  clock[thread] = path.length + 1;
  return clock;
}

function dependent(a: Access, b: Access): boolean {
  return (a.writes || b.writes) && a.from < b.to && b.from < a.to;
}

type Outcome = 'goes on' | 'loses patience' | 'dies';

/** What can come of a thread's turn; nothing when it has to wait. */
function outcomes<T>(state: State<T>, thread: number, { dies }: Adversary): Outcome[] {
  const place = placeOf(state, thread);
  if (isOver(place)) return [];
  if (dies?.thread === thread && place.log.length >= dies.step && place.progress !== 'to begin') return ['dies'];
  const pending = pendingOf(place);
  if (pending?.what !== 'changes' || state.cells[pending.at] !== pending.from) return ['goes on'];
  const nobodyElse = state.places.every(
    (other, i) => i === thread || isOver(other) || pendingOf(other)?.what === 'changes',
  );
  return place.takeoversLeft > 0 || nobodyElse ? ['loses patience'] : [];
}

function stepped<T>(
  state: State<T>,
  threads: readonly Thread<T>[],
  thread: number,
  outcome: Outcome,
  records: RecordPlaces,
): State<T> {
  const place = placeOf(state, thread);
  const body = threads[thread] as Thread<T>; // one of them
  const cells = state.cells.slice();
  const log = [...place.log];
  let next: Place<T>;
  let takeovers = 0;
  if (outcome === 'dies') next = { ...place, progress: 'dead' };
  else if (place.progress === 'to begin') {
    const after = state.places.flatMap(({ progress }, i) => (progress === 'returned' ? [i] : []));
    next = { ...place, progress: SteppedWords.begin(body, records), after };
  } else if (typeof place.progress === 'object' && 'result' in place.progress) {
    const { result } = place.progress;
    next = { ...place, progress: 'returned', result };
  } else {
    const losesPatience = outcome === 'loses patience';
    const progress = SteppedWords.step(body, cells, log, !losesPatience, records);
    if (losesPatience && place.takeoversLeft > 0) takeovers = 1;
    next = { ...place, log, progress, takeoversLeft: place.takeoversLeft - takeovers };
  }
  return {
    cells,
    places: state.places.map((other, i) => (i === thread ? next : other)),
    schedule: `${state.schedule}${outcome === 'goes on' ? '' : outcome === 'dies' ? '†' : '!'}${thread}`,
    takeovers: state.takeovers + takeovers,
  };
}

/** What a thread's next step touches: its first and its last one only tell the others that it has begun, or returned. */
function accessOf<T>(state: State<T>, thread: number): Access {
  const place = placeOf(state, thread);
  const pending = pendingOf(place);
  if (pending !== undefined) {
    const { at, count, writes } = pending;
    return { from: at, to: at + count, writes };
  }
  if (place.progress === 'to begin') return { from: -state.places.length, to: 0, writes: false };
  return { from: -thread - 1, to: -thread, writes: true };
}

function pendingOf<T>({ progress }: Place<T>): PendingStep | undefined {
  return typeof progress === 'object' && 'pending' in progress ? progress.pending : undefined;
}

function isOver<T>({ progress }: Place<T>): boolean {
  return progress === 'returned' || progress === 'dead';
}

function placeOf<T>(state: State<T>, thread: number): Place<T> {
  return state.places[thread] as Place<T>; // one of them
}

function endingOf<T>({ cells, places, schedule, takeovers }: State<T>, adversary: Adversary): Ending<T> {
  return {
    cells,
    results: places.map(({ result }) => result),
    after: places.map(({ after }) => after),
    takeovers,
    deaths: places.some(({ progress }) => progress === 'dead') ? 1 : 0,
    schedule: adversary.dies === undefined ? schedule : `${schedule} (${adversary.dies.thread} dies)`,
  };
}
