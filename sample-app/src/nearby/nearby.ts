/** A city at a distance. It carries the id only: what the city is called is kept, and changed, in one place. */
export interface Nearby {
  readonly id: number;
  readonly km: number;
}
