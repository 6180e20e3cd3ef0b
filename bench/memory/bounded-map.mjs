/** A Map that drops its oldest key when it is full, as one writes it by hand. Without a capacity it is a plain Map. */
export class BoundedMap {
  values = new Map();
  oldest = 0;

  constructor(capacity) {
    this.capacity = capacity;
    this.ring = capacity === Infinity ? undefined : new Array(capacity).fill(undefined);
  }

  get(key) {
    return this.values.get(key);
  }

  set(key, value) {
    const { values, ring } = this;
    if (ring !== undefined && !values.has(key)) {
      if (values.size >= this.capacity) values.delete(ring[this.oldest]);
      ring[this.oldest] = key;
      this.oldest = this.oldest + 1 === this.capacity ? 0 : this.oldest + 1;
    }
    values.set(key, value);
  }

  delete(key) {
    return this.values.delete(key);
  }

  get size() {
    return this.values.size;
  }
}

/** The same with a lifetime: an object and a look at the clock for each value. */
export class BoundedMapWithTtl {
  constructor(capacity, ttlMs) {
    this.map = new BoundedMap(capacity);
    this.ttlMs = ttlMs;
  }

  get(key) {
    const kept = this.map.get(key);
    return kept !== undefined && kept.expiresAtMs > Date.now() ? kept.value : undefined;
  }

  set(key, value) {
    this.map.set(key, { value, expiresAtMs: Date.now() + this.ttlMs });
  }

  delete(key) {
    return this.map.delete(key);
  }

  get size() {
    return this.map.size;
  }
}
