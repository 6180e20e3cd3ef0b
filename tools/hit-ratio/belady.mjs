/*
 * The optimum [1]: evicts the entry whose next request is farthest away. The entries are in a heap by the time of their next
 * request. A request makes the old time of its entry void; it stays in the heap, and is thrown out when it comes up or
 * when too many have gathered. O(requests · log size).
 *
 * Times from the number of requests on stand for "never": no two entries have the same, so a time names its entry.
 *
 * [1] Belady. A study of replacement algorithms for a virtual-storage computer. IBM Systems Journal 5(2), 1966.
 */

const ABSENT = -1;

/** How many of the requests the best possible cache of this size hits; every miss is stored, as caches do. */
export function optimalHits(ids, unique, size) {
  const next = nextRequests(ids, unique);
  const nextOfKey = new Float64Array(unique).fill(ABSENT);
  const keyAt = (time) => ids[time < ids.length ? time : time - ids.length];
  const isValid = (time) => nextOfKey[keyAt(time)] === time;
  const heap = new MaxHeap();
  let held = 0;
  let hits = 0;
  for (let at = 0; at < ids.length; at++) {
    const key = ids[at];
    if (nextOfKey[key] !== ABSENT) hits++;
    else if (held < size) held++;
    else {
      let farthest = heap.pop();
      while (!isValid(farthest)) farthest = heap.pop();
      nextOfKey[keyAt(farthest)] = ABSENT;
    }
    nextOfKey[key] = next[at];
    heap.push(next[at]);
    if (heap.size > 4 * size + 1_024) heap.keep(isValid);
  }
  return hits;
}

/** For each request, when its key is requested again. */
function nextRequests(ids, unique) {
  const next = new Float64Array(ids.length);
  const seenAt = new Float64Array(unique).fill(ABSENT);
  for (let at = ids.length - 1; at >= 0; at--) {
    const key = ids[at];
    next[at] = seenAt[key] === ABSENT ? ids.length + at : seenAt[key];
    seenAt[key] = at;
  }
  return next;
}

class MaxHeap {
  size = 0;
  #times = new Float64Array(1_024);

  push(time) {
    if (this.size === this.#times.length) {
      const longer = new Float64Array(this.size * 2);
      longer.set(this.#times);
      this.#times = longer;
    }
    const times = this.#times;
    let at = this.size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (times[parent] >= time) break;
      times[at] = times[parent];
      at = parent;
    }
    times[at] = time;
  }

  pop() {
    const top = this.#times[0];
    const last = this.#times[--this.size];
    if (this.size > 0) this.#sink(0, last);
    return top;
  }

  /** Throws out what is not valid. */
  keep(isValid) {
    const times = this.#times;
    let kept = 0;
    for (let at = 0; at < this.size; at++) if (isValid(times[at])) times[kept++] = times[at];
    this.size = kept;
    for (let at = (kept >> 1) - 1; at >= 0; at--) this.#sink(at, times[at]);
  }

  #sink(from, time) {
    const times = this.#times;
    let at = from;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= this.size) break;
      if (child + 1 < this.size && times[child + 1] > times[child]) child++;
      if (times[child] <= time) break;
      times[at] = times[child];
      at = child;
    }
    times[at] = time;
  }
}
