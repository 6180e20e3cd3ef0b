/** How far the database is: shown at `/progress`, in the terminal, and to whoever asks too early. */
export interface FillProgress {
  /** `starting`: the database comes up; `filling`: cities are written; `ready`: questions are answered. */
  readonly state: 'starting' | 'filling' | 'ready' | 'failed';
  readonly done: number;
  /** 0 until the number is known. */
  readonly total: number;
  /** 0 to 100. */
  readonly percent: number;
}

export function fillProgress(state: FillProgress['state'], done = 0, total = 0): FillProgress {
  return { state, done, total, percent: total === 0 ? 0 : Math.floor((100 * done) / total) };
}
